"""Draw nodes of every op, run them, and compare values, dtypes, shapes and gradients with TensorFlow's kernels.

    PYTHONPATH=src:tests:tools KERAS_BACKEND=jax python tools/fuzz_values.py --examples 300 [--op NAME ...] [--seed N]

TensorFlow must be installed beside the backend. `--on host` fuzzes the host's ops, `--on numpy` what folds. Failures
are written to FILE as JSON lines, the simplest of each kind; `--replay FILE` runs those again.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1",
)
sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("tests", "tools")]

from values.fuzzing import Failure, fuzz, ops_on, replay  # noqa: E402


def main() -> int:
    """Returns 1 if anything that is replayed differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", choices=("backend", "host", "numpy"), default="backend")
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--op", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--replay", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if arguments.replay:
        failures = replay(arguments.replay)
        _report(failures)
        return bool(failures)
    ops = arguments.op or ops_on(arguments.on)
    while ops:
        ops = _in_a_process(ops, arguments)
    return 0


def _in_a_process(ops: list[str], arguments: argparse.Namespace) -> list[str]:
    """Fuzz `ops` in a process of its own; returns those that are left if a kernel ends the process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as progress:
            for op in ops:
                _fuzz_one(op, arguments)
                print(op, file=progress, flush=True)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as progress:
        done = len(progress.read().splitlines())
    os.waitpid(child, 0)
    if done < len(ops):
        print(f"{ops[done]}: the process ended", flush=True)
    return ops[done + 1 :]


def _fuzz_one(op: str, arguments: argparse.Namespace) -> None:
    start = time.monotonic()
    tried, refused, failures = fuzz(op, arguments.on, arguments.examples, arguments.seed)
    kinds: Counter[str] = Counter()
    for failure in failures:
        kinds[failure.kind] += failure.count
    shown = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "no difference"
    seconds = time.monotonic() - start
    print(f"{op}: {tried} tried, {refused} refused by TensorFlow, {seconds:.1f} s: {shown}", flush=True)
    if arguments.out:
        with arguments.out.open("a") as file:
            for failure in failures:
                print(json.dumps(failure.as_json()), file=file)


def _report(failures: list[Failure]) -> None:
    for failure in failures:
        print(failure.op, failure.kind, failure.place, failure.detail)


if __name__ == "__main__":
    sys.exit(main())
