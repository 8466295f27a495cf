"""Keep what tools/fuzz_values.py found: an example of each kind of difference in tests/values/found, and a line in
tests/values/open.json, which says what is yet to be mended.

    PYTHONPATH=src:tests python tools/keep_value_failures.py BACKEND FILE ...

BACKEND is tensorflow, jax, torch, host or numpy. Who mends one takes its line out of open.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "tests" / "values"


def main(backend: str, *files: str) -> None:
    """Merge the failures of `files` into what is kept for `backend`."""
    path = FOLDER / "found" / f"{backend}.jsonl"
    kept = {}
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    for line in [*lines, *(line for file in files for line in Path(file).read_text("utf-8").splitlines())]:
        data = json.loads(line)
        if data["kind"] == "accepts" or len(line) > 6000:
            continue
        key = (data["op"], data["kind"])
        if key not in kept or len(line) < len(kept[key]):
            kept[key] = line
    path.write_text("".join(kept[key] + "\n" for key in sorted(kept)), "utf-8")
    known = {(x["backend"], op, kind) for x in _read("limits") for op in x["ops"] for kind in x["kinds"]}
    faults = {tuple(x) for x in _read("open")} | {(backend, *key) for key in kept}
    rows = [json.dumps(x) for x in sorted(faults - known)]
    (FOLDER / "open.json").write_text("[\n" + ",\n".join(rows) + "\n]\n", "utf-8")


def _read(name: str) -> list:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


if __name__ == "__main__":
    main(*sys.argv[1:])
