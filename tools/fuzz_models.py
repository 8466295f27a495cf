"""Damage the files of models in thousands of ways, and load each on the Keras backend at hand.

    python tools/fuzz_models.py [--cases 3000] [--seed 0] [--keep FOLDER] [--model FOLDER ...]

Each case must end in a result or in one of hublayer's errors, within a second of the processor and 1 GB of memory.
The cases that do not are listed, grouped by where they end, and the first of each group is kept; the exit status is
then 1. The same seed gives the same cases.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from translated.damage import EDITS, FIELD_EDITS, edited, with_other_fields  # noqa: E402
from translated.fuzz_targets import targets  # noqa: E402
from translated.fuzzing import Target, Worker  # noqa: E402


def main() -> int:
    """Run all cases; 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="where to write the files of failing cases")
    parser.add_argument("--model", type=Path, action="append", help="a SavedModel's folder, instead of the known ones")
    options = parser.parse_args()
    chosen = [Target(folder) for folder in options.model] if options.model else targets()
    with tempfile.TemporaryDirectory() as scratch:
        worker = Worker(Path(scratch))
        try:
            each = options.cases / sum(target.share for target in chosen)
            failures = sum(_fuzz(worker, t, round(each * t.share), options.seed, options.keep) for t in chosen)
        finally:
            worker.close()
    print(f"{failures} failures")
    return 1 if failures else 0


def _fuzz(worker: Worker, target: Target, cases: int, first: int, keep: Path | None) -> int:
    """Run `cases` on one model and print how they ended; returns how many failed."""
    sound = worker.sound(target)
    if "failure" in sound:
        print(f"{target.folder.name} fails when it is sound: {sound}")
        return 1
    contents = {name: (target.folder / name).read_bytes() for name in target.files()}
    ends: Counter[str] = Counter()
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    slowest = 0.0

    def run(name: str, content: bytes) -> None:
        nonlocal slowest
        answer = worker.ask(target, {name: content})
        slowest = max(slowest, answer["seconds"])
        if "failure" not in answer:
            errors = re.findall(r"\b(\w+Error): ", answer["said"])
            ends[errors[0] if errors else "a result"] += 1
            return
        ends["a failure"] += 1
        group = groups[answer["failure"].split(":")[0], *answer["at"]]
        if not group and keep:
            kept = keep / f"{target.folder.name}-{len(groups)}" / name
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(content)
        group.append(answer | {"file": name})

    def each(strategy: st.SearchStrategy[bytes], name: str, number: int) -> None:
        @seed(first)
        @settings(
            max_examples=max(number, 1),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def cases(content: bytes) -> None:
            run(name, content)

        cases()

    start = time.monotonic()
    fields = st.lists(FIELD_EDITS, min_size=1, max_size=3)
    graph = target.graph()
    text = graph.endswith(".pbtxt")
    each(fields.map(lambda edits: with_other_fields(contents[graph], edits, text)), graph, cases // 2)
    for name, content in contents.items():
        strategy = st.lists(EDITS, min_size=1, max_size=4).map(lambda edits, content=content: edited(content, edits))
        each(strategy, name, cases // 2 // len(contents))
    ended = ", ".join(f"{count} in {end}" for end, count in ends.most_common())
    print(
        f"{target.folder.name}: {sum(ends.values())} cases end {ended}; sound {sound['seconds']:.2f} s, "
        f"slowest {slowest:.2f} s, {time.monotonic() - start:.0f} s in all",
        flush=True,
    )
    for group in sorted(groups.values(), key=len, reverse=True):
        print(f"    {len(group)} times, {group[0]['file']}: {group[0]['failure'][:400]}\n        {group[0]['at']}")
    return ends["a failure"]


if __name__ == "__main__":
    sys.exit(main())
