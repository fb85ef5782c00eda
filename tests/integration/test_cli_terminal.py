"""A real terminal: the progress bar, the question, Ctrl-C."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from qwave_batch.cli.drawing.stream_width import _OF_SINGLE_ONES
from tests.forked_programs import ForkedProgram

SPEC = """\
version: 1
name: dear
catalog: "2026-05"
request: {action: generate, seed: 1, resolution: 4K}
prompts: [{id: cat, text: A cat}]
matrix: {model: [gemini-3-pro-image-preview-official]}
repeat: 10
"""


UNSET = {"NO_COLOR", "COLUMNS", "LINES", "CI", *_OF_SINGLE_ONES}


class Terminal:
    """The command line on a pseudo-terminal of so many columns."""

    def __init__(
        self, checkout: Path, cwd: Path, *argv: object, columns: int = 80, more: dict[str, str] | None = None
    ) -> None:
        self._master, slave = pty.openpty()
        environ = {**os.environ, "PYTHONPATH": str(checkout), "TERM": "xterm", "QWAVE_API_KEY": "k"}
        environ = {name: value for name, value in environ.items() if name not in UNSET}
        environ |= more or {}
        os.set_inheritable(slave, True)
        self._resize(slave, columns)
        self.process = ForkedProgram(
            [*map(str, argv)],
            cwd=cwd,
            env=environ,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""

    @staticmethod
    def _resize(slave: int, columns: int) -> None:
        subprocess.run(("stty", "cols", str(columns), "rows", "40"), stdin=slave, check=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def read_until(self, pattern: str, *, timeout_s: float = 20) -> str:
        end = time.monotonic() + timeout_s
        while not re.search(pattern, self.shown):
            assert self._read(end - time.monotonic()), f"no {pattern!r} in\n{self.shown}"
        return self.shown

    def read_to_the_end(self, *, timeout_s: float = 30) -> str:
        end = time.monotonic() + timeout_s
        while self._read(end - time.monotonic()):
            pass
        self.process.wait(timeout=5)
        return self.shown

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _read(self, timeout_s: float) -> bool:
        assert timeout_s > 0, self.shown
        if not select.select([self._master], [], [], timeout_s)[0]:
            return True
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.shown += data.decode("utf-8", "replace")
        return bool(data)


@pytest.fixture
def base_url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    latency_s = getattr(request, "param", "0.1")
    server = ForkedProgram(
        ("simulator", "--port", "0", "--catalog", "2026-05", "--latency", latency_s),
        cwd=tmp_path,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    yield server.stdout.readline().strip()
    server.send_signal(signal.SIGINT)
    server.communicate(timeout=20)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "dear.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return file


def test_a_dear_run_asks_first_and_takes_no_for_an_answer(
    checkout: Path, spec: Path, tmp_path: Path, base_url: str
) -> None:
    with Terminal(checkout, tmp_path, "run", spec, "-o", "made", "--base-url", base_url) as terminal:
        asked = terminal.read_until(r"\[y/N\]")
        assert re.search(r"10 jobs .* may cost up to 1\.14 USD", asked)
        terminal.type("n\n")
        assert "nothing was sent" in terminal.read_to_the_end()
        assert terminal.process.returncode == 3


def test_ctrl_c_at_the_question_ends_it(checkout: Path, spec: Path, tmp_path: Path, base_url: str) -> None:
    with Terminal(checkout, tmp_path, "run", spec, "-o", "made", "--base-url", base_url) as terminal:
        terminal.read_until(r"\[y/N\]")
        terminal.process.send_signal(signal.SIGINT)
        shown = terminal.read_to_the_end()
        assert terminal.process.returncode == 130
        assert "Traceback" not in shown


@pytest.mark.parametrize("ci", [{"CI": "true"}, {"TF_BUILD": "True"}])
def test_a_ci_with_a_terminal_is_not_asked_and_draws_no_bar(
    checkout: Path, spec: Path, tmp_path: Path, base_url: str, ci: dict[str, str]
) -> None:
    argv = ("run", spec, "-o", "made", "--base-url", base_url)
    with Terminal(checkout, tmp_path, *argv, more=ci) as terminal:
        shown = terminal.read_to_the_end()
    assert terminal.process.returncode == 0
    assert "may cost up to 1.14 USD" in shown
    assert "[y/N]" not in shown
    assert "10 of 10 jobs done" in shown
    assert "\x1b" not in shown


def test_a_spec_that_was_run_beside_its_file_asks_before_it_is_paid_anew(
    checkout: Path, tmp_path: Path, base_url: str
) -> None:
    specs, cron = tmp_path / "specs", tmp_path / "cron"
    specs.mkdir()
    cron.mkdir()
    spec = specs / "dear.yaml"
    spec.write_text(SPEC.replace("repeat: 10", "repeat: 1"), encoding="utf-8")
    argv = ("run", spec, "--base-url", base_url)
    with Terminal(checkout, specs, *argv, columns=300) as terminal:
        assert f"new run folder: {specs / 'runs' / 'dear'}" in terminal.read_to_the_end().splitlines()[0]
    for more in ({"CI": "1"}, {}):
        with Terminal(checkout, cron, *argv, columns=300, more=more) as terminal:
            if not more:
                terminal.read_until(r"\[y/N\]")
                terminal.type("n\n")
            assert "is paid for anew; nothing was sent" in " ".join(terminal.read_to_the_end().split())
        assert terminal.process.returncode == 2
    with Terminal(checkout, cron, *argv, columns=300) as terminal:
        terminal.read_until(r"\[y/N\]")
        terminal.type("y\n")
        assert "1 of 1 job done" in terminal.read_to_the_end()
    assert terminal.process.returncode == 0
    assert list(cron.iterdir()) == []


@pytest.mark.parametrize("columns", [80, 160])
def test_yes_runs_it_with_a_bar_that_keeps_to_one_line(
    checkout: Path, spec: Path, tmp_path: Path, base_url: str, columns: int
) -> None:
    argv = ("run", spec, "-o", "made", "--base-url", base_url)
    with Terminal(checkout, tmp_path, *argv, columns=columns) as terminal:
        terminal.read_until(r"\[y/N\]")
        terminal.type("y\n")
        shown = terminal.read_to_the_end()
    assert terminal.process.returncode == 0
    assert "10/10 done" in shown
    assert "█" in shown
    assert "10 of 10 jobs done" in shown
    drawn = [line for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)) if "|" in line]
    assert drawn
    assert max(map(len, drawn)) <= columns


# tasks that last make up most of the run, so that a look once a second meets one in flight
@pytest.mark.parametrize("base_url", ["0.5"], indirect=True)
@pytest.mark.parametrize("columns", [60])
def test_a_run_can_be_watched_from_another_terminal_until_it_ends(
    checkout: Path, spec: Path, tmp_path: Path, base_url: str, columns: int
) -> None:
    argv = ("run", spec, "-o", "made", "--yes", "--base-url", base_url, "--concurrency", 1, "--set", "repeat=8")
    with Terminal(checkout, tmp_path, *argv) as runs:
        end = time.monotonic() + 20
        while not (tmp_path / "made" / ".qwave" / "live.json").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        with Terminal(checkout, tmp_path, "status", "made", "--watch", columns=columns) as watches:
            watches.read_until(r"at work: process \d+")
            watches.read_until(r"1 task in flight, [\d.]+ images/min")
            shown = watches.read_to_the_end()
        runs.read_to_the_end()
    assert (runs.process.returncode, watches.process.returncode) == (0, 0)
    assert "8 jobs: 8 completed" in shown
    assert shown.rindex("no run is at work") > shown.rindex("at work: process")
    assert "\x1b[J" in shown
    drawn = re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown))
    assert max(map(len, drawn)) <= columns


@pytest.mark.parametrize("columns", [60, 120])
def test_ctrl_c_leaves_no_sign_of_itself_beside_the_bar(
    checkout: Path, spec: Path, tmp_path: Path, base_url: str, columns: int
) -> None:
    argv = ("run", spec, "-o", "made", "--yes", "--base-url", base_url, "--concurrency", 1, "--set", "repeat=60")
    with Terminal(checkout, tmp_path, *argv, columns=columns) as terminal:
        terminal.read_until(r"[1-9]/60 done")
        terminal.type("\x03")  # shown as ^C; the signal is sent by hand, as the terminal is not the process's own
        terminal.read_until(r"\^C")
        terminal.process.send_signal(signal.SIGINT)
        terminal.read_until(r"(?s)is\s+lost.*1 in flight")  # the bar stands below it
        terminal.type("\x03")
        terminal.read_until(r"(?s)\^C.*\^C")
        terminal.process.send_signal(signal.SIGINT)
        shown = terminal.read_to_the_end()
    assert terminal.process.returncode == 130
    seen = on_screen(shown, columns)
    assert not [line for line in seen if "^" in line]
    assert sum(line.startswith("stopping: ") for line in seen) == 1


def on_screen(shown: str, columns: int) -> list[str]:
    """Return the lines that a terminal shows in the end, which knows carriage returns, wrapping and clearing."""
    lines, column = [[" "] * columns], 0
    for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.|\n", shown.replace("\r\n", "\n\r"), re.DOTALL):
        if part == "\r":
            column = 0
        elif part == "\n":
            lines.append([" "] * columns)
        elif part == "\x1b[K":
            lines[-1][column:] = [" "] * (columns - column)
        elif not part.startswith("\x1b"):
            if column == columns:
                lines.append([" "] * columns)
                column = 0
            lines[-1][column] = part
            column += 1
    return ["".join(line).rstrip() for line in lines]
