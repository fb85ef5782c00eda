"""Real processes whose streams can't be written: what is said is not what is done."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.forked_programs import forking_command
from tests.integration.settled import contents_of

SPEC = """\
version: 1
name: unheard
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [a lantern, a kite, a raft]
"""
JOBS = 3

Shell = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path / "made"


@pytest.fixture
def shell(checkout: Path, folder: Path, short_path: Path) -> Iterator[Shell]:
    """Runs a command line with redirections, as a shell does; ``$forked`` is ``$q``, started quickly."""
    programs = {"q": f"{sys.executable} -m qwave_batch", "forked": str(short_path / "qwave-batch")}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("sh", "-c", line),
            cwd=folder.parent,
            env={**os.environ, "PYTHONPATH": str(checkout), **programs},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    with forking_command(short_path):
        yield run


def check_whole(folder: Path) -> None:
    assert contents_of(folder).statuses() == {"completed": JOBS}


@pytest.mark.parametrize(
    ("program", "streams"),
    [("$q", "<&- >&- 2>&-"), *(("$forked", streams) for streams in ("2>/dev/full", "2>&-", ">&- 2>&-", ">&-"))],
)
def test_a_run_that_nobody_can_hear_does_what_was_asked_and_ends_with_0(
    shell: Shell, folder: Path, program: str, streams: str
) -> None:
    ended = shell(f"{program} run spec.yaml -o made --simulate {streams}")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert "Traceback" not in ended.stderr
    check_whole(folder)


@pytest.mark.parametrize("stdout", [">/dev/full", ">&-"])
def test_a_run_whose_result_can_not_be_told_does_its_work_and_says_so(shell: Shell, folder: Path, stdout: str) -> None:
    ended = shell(f"$forked run spec.yaml -o made --simulate --json {stdout}")
    assert ended.returncode == 4
    assert "3 of 3 jobs done" in ended.stderr
    assert "error: stdout can't be written" in ended.stderr
    check_whole(folder)
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8"))["exit"] == 0


@pytest.mark.parametrize("streams", [">/dev/full", ">&- 2>&-", ">/dev/full 2>/dev/full"])
def test_events_that_can_not_be_told_cost_no_job(shell: Shell, folder: Path, streams: str) -> None:
    ended = shell(f"$forked run spec.yaml -o made --simulate --events - {streams}")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert "Traceback" not in ended.stderr
    check_whole(folder)


@pytest.mark.parametrize("command", ["plan spec.yaml", "plan spec.yaml --json", "models", "--help", "run --help"])
def test_a_result_that_can_not_be_told_ends_with_4_and_a_word(shell: Shell, command: str) -> None:
    for stdout in (">/dev/full", ">&-"):
        ended = shell(f"$forked {command} {stdout}")
        assert ended.returncode == 4
        assert ended.stderr.startswith("error: stdout can't be written: ")
        assert len(ended.stderr.splitlines()) == 1


def test_a_mistake_that_can_not_be_told_keeps_its_exit_status(shell: Shell) -> None:
    assert shell("$q plan nothing.yaml 2>/dev/full").returncode == 2
    assert shell("$q plan nothing.yaml >&- 2>&-").returncode == 2


def test_a_reader_who_has_seen_enough_is_no_error(shell: Shell) -> None:
    ended = shell("($q models; echo $? >status) | true; cat status")
    assert (ended.stdout, ended.stderr) == ("0\n", "")


def test_a_run_that_outlives_its_terminal_ends_with_0(checkout: Path, folder: Path) -> None:
    """As under ``nohup``: SIGHUP is ignored, and every word after that fails."""
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        (sys.executable, "-m", "qwave_batch", "run", "spec.yaml", "-o", "made", "--simulate"),
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # noqa: PLW1509 - no threads here
    )
    os.close(terminal)
    os.read(master, 1)
    os.close(master)
    assert process.wait(timeout=30) == 0
    check_whole(folder)
