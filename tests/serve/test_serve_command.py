"""`hublayer serve` as a process: what it prints, how it ends, and what it takes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from running_hub import COMPRESSED, HOST, make_model
from typer.testing import CliRunner

import hublayer
from hublayer.cli import app
from hublayer.serve.server import listen

SOURCE = str(Path(hublayer.__file__).parents[1])


@contextmanager
def served(*arguments: str, **environment: str) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """Run the command; yield the line that it prints, the URL in it, and the process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hublayer", "serve", "--port", "0", *arguments],
        env={**os.environ, "PYTHONPATH": SOURCE, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http\S+", line)
            assert found, process.communicate(timeout=60)
            yield line, found[0], process
        finally:
            process.kill()


def test_it_serves_until_it_is_interrupted(models, tmp_path):
    with served(str(models)) as (line, url, process):
        assert line.startswith(f"11 models of {models} at http://127.0.0.1:")
        assert httpx.get(f"{url}/google/tf1_hub{COMPRESSED}").status_code == 200
        assert process.stdout is not None and process.stderr is not None
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stdout.read() == "" and process.stderr.read() == ""


def test_the_cache(samples, hub_server, tmp_path, monkeypatch):
    monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / "cache"))
    hublayer.resolve(hub_server.add("/team/model/1", samples / "plain_module"))
    name = hub_server.address.removeprefix("http://") + "/team/model/1"
    for arguments in ([], [str(tmp_path / "cache")]):
        with served(*arguments) as (line, url, _):
            assert f"1 model of the cache {tmp_path / 'cache'} at" in line
            assert httpx.get(f"{url}/{name}{COMPRESSED}").status_code == 200
            assert "sha256:" in httpx.get(f"{url}/{name}").text


def test_token_from_the_environment(models):
    with served(str(models), "--log", HUBLAYER_SERVE_TOKEN="horse") as (_, url, process):
        assert httpx.get(url).status_code == 401
        assert httpx.get(url, headers={"authorization": "Bearer horse"}).status_code == 200
        process.terminate()
        out, errors = process.communicate(timeout=60)
    assert "horse" not in out + errors
    assert "401" in out + errors  # --log


def test_memory_stays_constant(tmp_path):
    """A model of 1 GB, which takes no space on disk, is sent whole, in part, and its sum computed."""
    with (make_model(tmp_path / "models/m") / "weights").open("wb") as file:
        file.truncate(1 << 30)
    with served(str(tmp_path / "models")) as (_, url, process):
        httpx.get(f"{url}/m")
        before = peak_memory(process.pid)
        for headers in ({"range": "bytes=-100000000"}, {}):
            with httpx.stream("GET", f"{url}/m{COMPRESSED}", headers=headers, timeout=300) as answer:
                size = sum(len(part) for part in answer.iter_raw(1 << 20))
            assert size == int(answer.headers["content-length"])
        assert peak_memory(process.pid) - before < 50e6


def peak_memory(process: int) -> int:
    """Bytes."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())[1])


def call(*arguments: str, code: int) -> str:
    result = CliRunner().invoke(app, ["serve", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["no such folder"], "FOLDER"),
        (["--port", "70000"], "--port"),
        (["--token", ""], "--token"),
        (["--token", "two words"], "--token"),
        (["--url", "models.example.org"], "--url"),
        (["--location", "https://bucket"], "--location"),
        (["--host", ""], "--host"),
    ],
)
def test_wrong_usage(tmp_path, arguments, named):
    assert named in call(*arguments, *([] if "no such folder" in arguments else [str(tmp_path)]), code=2)


def test_a_port_that_is_taken(tmp_path):
    with listen(HOST, 0) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen at 127.0.0.1, port {port}" in call(str(tmp_path), "--port", str(port), code=1)


def test_a_missing_package(tmp_path):
    code = "import sys; sys.modules['starlette'] = None; from hublayer.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": SOURCE},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 8
    assert 'pip install "hublayer[serve]"' in done.stderr
