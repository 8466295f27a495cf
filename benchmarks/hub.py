"""The cost of a warm resolve, and of downloading and unpacking a model, beside `curl | tar xz` in the same run.

    python benchmarks/hub.py [--megabytes 500] [--rounds 3]

Prints microseconds of a warm resolve, for a model of 6 and of 60 files, by kind of handle; and of a cold one over
loopback seconds, their ratio to the peer's, and the peak memory of the process that does it.
"""

from __future__ import annotations

import argparse
import http.server
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

COLD = """
import re, sys, time
import hublayer.hub.sources.archive_url
from hublayer.hub import resolve
begun = time.perf_counter()
resolve(sys.argv[1])
print(time.perf_counter() - begun, int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024)
"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, by sendfile, so that the server costs little."""

    def do_GET(self) -> None:
        path = Path(self.directory, self.path.lstrip("/").partition("?")[0])
        self.send_response(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.flush()
        with path.open("rb") as file:
            self.connection.sendfile(file)

    def log_message(self, *_: object) -> None:
        pass


def serve(folder: Path) -> http.server.ThreadingHTTPServer:
    """Serve ``folder`` on loopback until the process ends."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *arguments: Handler(*arguments, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def make_archive(path: Path, megabytes: int, files: int) -> None:
    """A model whose weights are float32 numbers as training leaves them, in ``files`` files."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, tarfile.open(path, "w:gz", compresslevel=6) as archive:
        model = Path(folder)
        (model / "variables").mkdir()
        (model / "assets").mkdir()
        (model / "saved_model.pb").write_bytes(b"\x08\x01" * 1000)
        with (model / "variables" / "variables.data-00000-of-00001").open("wb") as weights:
            for _ in range(max(1, megabytes // 4)):
                weights.write(random.normal(0, 0.05, 1 << 20).astype(np.float32).tobytes())
        (model / "variables" / "variables.index").write_bytes(b"index")
        for number in range(files - 3):
            (model / "assets" / f"{number}.txt").write_text("word\n" * 100)
        archive.add(model, arcname=".")


def warm(handle: str) -> float:
    """Median microseconds of resolving a handle that is in the cache."""
    from hublayer.hub import resolve

    resolve(handle)
    times = []
    for _ in range(500):
        begun = time.perf_counter()
        resolve(handle)
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e6


def cold(url: str) -> tuple[float, float]:
    """Seconds of one download and unpack, and the process's peak memory in MB."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "HUBLAYER_CACHE": cache}
        done = subprocess.run(
            [sys.executable, "-c", COLD, url], env=environment, capture_output=True, text=True, check=True
        )
        seconds, memory = map(float, done.stdout.split())
    return seconds, memory


def peer(url: str) -> float:
    """Seconds of `curl | tar xz`."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        subprocess.run(f"curl -sS {url} | tar xz -C {folder}", shell=True, check=True)
        return time.perf_counter() - begun


def main(megabytes: int, rounds: int) -> None:
    """Run both questions and print the figures."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        os.environ["HUBLAYER_CACHE"] = str(folder / "cache")
        address = f"http://127.0.0.1:{serve(folder).server_port}"
        for files in (6, 60):
            make_archive(folder / f"{files}.tar.gz", 1, files)
            handles = {"archive URL": f"{address}/{files}.tar.gz", "local archive": str(folder / f"{files}.tar.gz")}
            for kind, handle in handles.items():
                print(f"warm resolve, {files} files, {kind}: {warm(handle):.0f} us", flush=True)
        shutil.rmtree(folder / "cache")
        for size in (megabytes // 10, megabytes):
            make_archive(folder / "large.tar.gz", size, 6)
            url = f"{address}/large.tar.gz"
            ratios = []
            for _ in range(rounds):
                theirs = peer(url)
                ours, memory = cold(url)
                ratios.append(ours / theirs)
                print(
                    f"{size} MB: hublayer {ours:.2f} s, curl | tar xz {theirs:.2f} s, peak {memory:.0f} MB", flush=True
                )
            print(f"{size} MB: {statistics.median(ratios):.2f} times curl | tar xz, median of {rounds}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    main(arguments.megabytes, arguments.rounds)
