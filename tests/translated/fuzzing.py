"""Cases of damaged models, and the process that loads them."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("fuzz_worker.py")
GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
PATIENCE = 20  # seconds on the clock until a worker that does not answer counts as hanging


@dataclass(frozen=True)
class Target:
    """A model to damage.

    only: the one endpoint to call; None for all of them. text: what string inputs are; None for words. share: of the
    cases, beside those of others: less for a model that takes long to load.
    """

    folder: Path
    only: str | None = None
    text: str | None = None
    share: float = 1.0

    def files(self) -> list[str]:
        """The files that can be damaged, relative to the folder."""
        found = sorted(path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return [str(path) for path in found if path.parts[0] in (*GRAPHS, "variables", "assets")]

    def graph(self) -> str:
        """The file with the graph."""
        return next(name for name in GRAPHS if (self.folder / name).is_file())


class Worker:
    """A process that loads damaged models; it is started again when a case has killed it."""

    def __init__(self, scratch: Path):
        self._folder = scratch / "model"
        self._allowed: dict[Target, float] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            paths = [str(ROOT / "src"), str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "MALLOC_ARENA_MAX": "2"}
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        return self._process

    def ask(self, target: Target, damaged: dict[str, bytes]) -> dict[str, Any]:
        """How loading `target` ends when `damaged`, contents by file, takes the place of its files."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        for path in target.folder.rglob("*"):
            relative = path.relative_to(target.folder)
            if path.is_dir():
                (self._folder / relative).mkdir(parents=True, exist_ok=True)
            elif str(relative) not in damaged:
                (self._folder / relative).parent.mkdir(parents=True, exist_ok=True)
                (self._folder / relative).symlink_to(path.resolve())
        for name, content in damaged.items():
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / name).write_bytes(content)
        case = {"folder": str(self._folder), "only": target.only, "text": target.text}
        return self._answer(case | {"seconds_allowed": self._allowed.get(target, float("inf"))})

    def sound(self, target: Target) -> dict[str, Any]:
        """How loading `target` as it is ends, when the process is warm.

        From then on its cases may take a second of the processor, or twice what this took.
        """
        for _ in range(2):
            answer = self.ask(target, {})
        self._allowed[target] = max(1.0, 2 * answer["seconds"])
        return answer

    def _answer(self, case: dict[str, Any]) -> dict[str, Any]:
        warm = self._process is not None and self._process.poll() is None
        process = self._started()
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(case).encode() + b"\n")
        process.stdin.flush()
        # The first answer waits for the imports.
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE if warm else 120)
        line = process.stdout.readline() if ready else b""
        if not ready:
            self.close()
            return {"failure": f"no answer within {PATIENCE} seconds", "at": ["hang"], "seconds": PATIENCE}
        if not line:
            code = process.wait()
            self._process = None
            return {"failure": f"the process died with {code}", "at": ["crash"], "seconds": 0.0}
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
