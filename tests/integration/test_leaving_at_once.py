"""Ctrl-C while an image is decoded in a library that can't be interrupted: the program ends all the same."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.integration.slow_images import SLOW
from tests.integration.test_cli_run import call, lines_of
from tests.unit.imaging.hostile_images import jpeg_of_scans

SPEC = """\
version: 1
name: slow
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1", seed: 1}
prompts: [a lantern, a kite, a raft]
"""
JOBS = 3
APART_S = 0.2
"""Two signals that come together are one to the system."""
LONGEST_S = 6
"""Two seconds are promised; a machine that is busy may take longer, and the decode takes at least ten."""


class Slow:
    """The program that decodes slowly, with its errors to read."""

    def __init__(self, checkout: Path, home: Path, *argv: object) -> None:
        self.process = subprocess.Popen(
            (sys.executable, "-m", "tests.integration.slow_images", *map(str, argv)),
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(checkout), "QWAVE_API_KEY": "k", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def wait_for_decode(self) -> str:
        """Return the name of the thread that has begun to decode."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("decoding in "):
                return line.split()[-1]
        raise AssertionError("nothing was decoded")

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, float, str]:
        """Return the exit status, how long it took to come, and what was said."""
        began = time.monotonic()
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, time.monotonic() - began, said


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def slow_image() -> bytes:
    return jpeg_of_scans(2048, 2048, 5_000)


@pytest.fixture
def base_url(checkout: Path, home: Path) -> Iterator[str]:
    with Slow(checkout, home, "simulator", "--port", 0, "--catalog", "2026-05", "--latency", "0.05") as server:
        assert server.process.stdout is not None
        yield server.process.stdout.readline().strip()


def test_a_second_ctrl_c_ends_a_run_that_decodes_and_the_next_one_pays_nothing_twice(
    checkout: Path, home: Path, base_url: str, slow_image: bytes
) -> None:
    argv = ("run", home / "spec.yaml", "-o", home / "made", "--base-url", base_url)
    (home / SLOW).write_bytes(slow_image)
    with Slow(checkout, home, *argv) as run:
        assert run.wait_for_decode() != "MainThread"
        run.interrupt()
        assert run.process.stderr is not None
        assert "Ctrl-C again" in next(line for line in run.process.stderr if "stopping" in line)
        run.interrupt()
        status, took_s, said = run.end()
    assert status == 130
    assert took_s < LONGEST_S
    assert "Traceback" not in said
    (home / SLOW).unlink()
    status, printed, said = call(*argv, "--json", QWAVE_API_KEY="k")
    assert status == 0, said
    summary = json.loads(printed)
    assert summary["completed"] == JOBS
    assert summary["cost_usd"] == pytest.approx(JOBS * costs(home)[0])
    assert call("verify", home / "made")[0] == 0


def costs(home: Path) -> list[float]:
    return [line["cost_usd"] for line in lines_of(home / "made")]


def test_a_second_ctrl_c_ends_a_refetch_that_decodes(
    checkout: Path, home: Path, base_url: str, slow_image: bytes
) -> None:
    folder = home / "made"
    assert call("run", home / "spec.yaml", "-o", folder, "--base-url", base_url, QWAVE_API_KEY="k")[0] == 0
    for image in (folder / "images").rglob("*.*"):
        image.unlink()
    (home / SLOW).write_bytes(slow_image)
    with Slow(checkout, home, "refetch", folder, "--base-url", base_url) as refetch:
        assert refetch.wait_for_decode() != "MainThread"
        refetch.interrupt()
        time.sleep(APART_S)
        refetch.interrupt()
        status, took_s, _ = refetch.end()
    assert (status, took_s < LONGEST_S) == (130, True)
    (home / SLOW).unlink()
    assert call("refetch", folder, "--base-url", base_url, QWAVE_API_KEY="k")[0] == 0
    assert call("verify", folder)[0] == 0


def test_the_first_ctrl_c_ends_a_verify_that_decodes(checkout: Path, home: Path, slow_image: bytes) -> None:
    folder = home / "made"
    assert call("run", home / "spec.yaml", "-o", folder, "--simulate")[0] == 0
    for image in (folder / "images").rglob("*.*"):
        image.write_bytes(slow_image)
    with Slow(checkout, home, "verify", folder) as verify:
        assert verify.wait_for_decode() != "MainThread"
        verify.interrupt()
        status, took_s, said = verify.end()
    assert (status, took_s < LONGEST_S) == (130, True)
    # what other threads tell of having begun to decode is this test's own, and may come at any moment
    assert [line for line in said.splitlines() if not line.startswith("decoding in ")] == ["stopped"]
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_two_signals_end_a_program_whose_main_thread_hangs_in_a_library(
    checkout: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """The main thread gets to no handler of Python's while it is there."""
    program = (
        "import hashlib\nfrom qwave_batch.cli.interrupts import break_on_signals\nbreak_on_signals()\n"
        "while True:\n try:\n  print('here', flush=True)\n  hashlib.pbkdf2_hmac('sha256', b'', b'', 2**30)\n"
        " except KeyboardInterrupt: pass\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(checkout)}
    argv = (sys.executable, "-c", program)
    with subprocess.Popen(
        argv, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "here\n"
            process.send_signal(number)
            time.sleep(APART_S)
            process.send_signal(number)
            began = time.monotonic()
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, said) == (130, "stopped\n")
    assert time.monotonic() - began < LONGEST_S
