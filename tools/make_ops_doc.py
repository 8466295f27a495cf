"""Write docs/ops.md: where the translated runtime differs from TensorFlow's kernels.

PYTHONPATH=src:tests python tools/make_ops_doc.py
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from values.limits import Limit, found_path, is_limit, limits, open_faults

PAGE = Path(__file__).parents[1] / "docs" / "ops.md"
_PLACES = {
    "tensorflow": "the TensorFlow backend",
    "jax": "JAX",
    "torch": "PyTorch",
    "host": "the host, which computes strings and what follows from them",
    "numpy": "what is computed while a model is loaded",
}
_KINDS = {
    "raises": "an error where TensorFlow has a result",
    "unsigned": "an error for unsigned integers",
    "count": "another number of outputs",
    "dtype": "another dtype",
    "shape": "another shape",
    "values": "other integers, booleans or strings",
    "floats": "other floats",
    "special": "NaN or infinity in other places",
    "denormals": "denormal numbers",
    "gradient raises": "an error in the gradient",
    "gradient shape": "a gradient of another shape",
    "gradient floats": "other gradients",
    "gradient special": "NaN or infinity in other places of the gradient",
}
_HEAD = """# Where results differ from TensorFlow's

Every op that the translated runtime computes is compared with TensorFlow's own kernel, on inputs that are drawn at
random: all dtypes, ranks from 0 to 5, empty dimensions, NaN, infinities, and the largest and smallest numbers. For
example:

```sh
KERAS_BACKEND=torch python tools/fuzz_values.py --examples 300 --op FloorMod
```

This page lists what differs. It is written by `tools/make_ops_doc.py` from `tests/values`, and a test fails when it no
longer holds. Random ops, variables, tables and control flow have tests of their own.

Where TensorFlow refuses an input (an integer divided by zero, an index out of bounds), the translated runtime may
compute something; that is not listed.

## Limits

These differences are meant to stay.
"""
_OPEN = """
## Not yet as TensorFlow

These differences were found and are to be mended. Each has an example in `tests/values/found`.
"""


def page() -> str:
    """The text of the page."""
    text = _HEAD
    reasons: dict[str, list[str]] = defaultdict(list)
    for limit in limits():
        reasons[limit.reason].append(limit.backend)
    for reason, backends in reasons.items():
        limit = next(x for x in limits() if x.reason == reason)
        ops = "Any op" if limit.ops == ("*",) else ", ".join(f"`{op}`" for op in limit.ops)
        text += (
            f"\n**{ops}**, on {_joined([_PLACES[x] for x in backends])}. {reason}\n\n{_example(backends[0], limit)}\n"
        )
    text += _OPEN
    for place, name in _PLACES.items():
        by_kind: dict[str, list[str]] = defaultdict(list)
        for backend, op, kind in sorted(open_faults()):
            if backend == place:
                by_kind[kind].append(op)
        if by_kind:
            text += f"\n### {name[0].upper()}{name[1:]}\n\n"
        for kind in _KINDS:
            if kind in by_kind:
                text += f"- {_KINDS[kind]}: {', '.join(f'`{op}`' for op in by_kind[kind])}\n"
    return text


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{'; '.join(names[:-1])}; and {names[-1]}"


def _example(backend: str, limit: Limit) -> str:
    """The shortest example that is kept."""
    lines = found_path(backend).read_text("utf-8").splitlines()
    found = [data for data in map(json.loads, lines) if is_limit(backend, data["op"], data["kind"])]
    fitting = [x for x in found if x["kind"] in limit.kinds and ("*" in limit.ops or x["op"] in limit.ops)]
    shortest = min(fitting, key=lambda x: len(json.dumps(x["inputs"])))
    inputs = ", ".join(_shown(x) for x in shortest["inputs"])
    call = f"For example, `{shortest['op']}({inputs})`"
    ours, _, theirs = shortest["detail"].partition(", not ")
    return f"{call} gives `{ours}`; TensorFlow gives `{theirs}`." if theirs else f"{call} ends in an error: `{ours}`"


def _shown(array: Any) -> str:
    if isinstance(array, list):
        return f"[{', '.join(_shown(x) for x in array)}]"
    return f"{array['dtype']} {array['values'] if array['shape'] else array['values'][0]}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
