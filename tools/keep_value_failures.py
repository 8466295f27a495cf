"""Keep what tools/fuzz_values.py found: an example of each kind of difference in tests/values/found, and a line in
tests/values/open.json, which says what is yet to be mended.

    PYTHONPATH=src:tests:tools KERAS_BACKEND=jax python tools/keep_value_failures.py WHERE FILE ...

WHERE is tensorflow, jax, torch, host or numpy. The lines of what no longer differs are taken out of open.json; their
examples stay, so that the tests run them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("tests", "tools")]
FOLDER = Path(__file__).parents[1] / "tests" / "values"
_LONGEST = 6000

from values.limits import is_limit  # noqa: E402


def main(where: str, *files: str) -> None:
    """Merge the failures of `files` into what is kept for `where`."""
    path = FOLDER / "found" / f"{where}.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    lines += [line for file in files for line in Path(file).read_text("utf-8").splitlines()]
    kept: dict[tuple[str, str], str] = {}
    for line in lines:
        data = json.loads(line)
        if data["kind"] != "accepts" and len(line) <= _LONGEST and "function" not in str(data["attrs"]):
            _shortest(kept, data)
    faults = {tuple(x) for x in _read("open") if x[0] != where}
    found: dict[tuple[str, str], str] = {}
    for line in kept.values():
        data = json.loads(line)
        for difference in _differences(data, where)[:1]:
            data |= {"kind": difference.kind, "detail": difference.detail, "place": difference.place}
            faults.add((where, data["op"], data["kind"]))
        _shortest(found, data)
    path.write_text("".join(found[key] + "\n" for key in sorted(found)), "utf-8")
    rows = [json.dumps(x) for x in sorted(faults) if not is_limit(*x)]
    (FOLDER / "open.json").write_text("[\n" + ",\n".join(rows) + "\n]\n", "utf-8")


def _shortest(kept: dict[tuple[str, str], str], data: dict[str, Any]) -> None:
    """Keep one example, the shortest, for each op and kind."""
    key, line = (data["op"], data["kind"]), json.dumps(data)
    if key not in kept or len(line) < len(kept[key]):
        kept[key] = line


def _differences(data: dict[str, Any], where: str) -> list[Any]:
    from values.fuzzing import case_from_json, compare

    _, found = compare(case_from_json(data), where if where in ("host", "numpy") else "backend")
    return [x for x in found if x.kind != "accepts"]


def _read(name: str) -> list:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


if __name__ == "__main__":
    main(*sys.argv[1:])
