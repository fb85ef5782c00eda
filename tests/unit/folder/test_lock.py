import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from qwave_batch.errors import FolderBusy
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock, holder_of

HOLD = """
import sys, time
from pathlib import Path
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
with FolderLock(RunLayout(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    layout = RunLayout(tmp_path / "run")
    layout.create()
    return layout


def hold(layout: RunLayout) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(layout.root)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_busy_folder_says_who_has_it_and_since_when(layout: RunLayout) -> None:
    with hold(layout) as process:
        with pytest.raises(FolderBusy, match=rf"process {process.pid} on {socket.gethostname()} since 20"):
            FolderLock(layout).acquire()
        holder = holder_of(layout)
        assert holder is not None
        assert holder.pid == process.pid
        process.communicate("")


def test_a_killed_process_leaves_no_lock_behind(layout: RunLayout) -> None:
    with hold(layout) as process:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert layout.workspace.lock.exists()
    assert holder_of(layout) is None
    with FolderLock(layout), pytest.raises(FolderBusy, match=str(os.getpid())):
        FolderLock(layout).acquire()


def test_a_second_lock_of_this_process_is_refused_too(layout: RunLayout) -> None:
    with FolderLock(layout), pytest.raises(FolderBusy, match=str(os.getpid())):
        FolderLock(layout).acquire()


def test_a_released_lock_can_be_taken_again(layout: RunLayout) -> None:
    lock = FolderLock(layout)
    lock.acquire()
    lock.acquire()
    lock.release()
    lock.release()
    with lock:
        assert holder_of(layout) is not None
    assert holder_of(layout) is None


def test_the_signature_of_an_earlier_longer_holder_does_not_show_through(layout: RunLayout) -> None:
    layout.workspace.lock.write_text(json.dumps({"pid": 1, "host": "h" * 200, "since": 1.0}), encoding="utf-8")
    with FolderLock(layout):
        assert json.loads(layout.workspace.lock.read_text(encoding="utf-8"))["pid"] == os.getpid()


def test_an_unsigned_lock_still_blocks(layout: RunLayout) -> None:
    with FolderLock(layout):
        layout.workspace.lock.write_bytes(b"")
        with pytest.raises(FolderBusy, match="another machine"):
            FolderLock(layout).acquire()


def test_looking_writes_nothing(tmp_path: Path) -> None:
    layout = RunLayout(tmp_path / "never")
    assert holder_of(layout) is None
    assert not layout.root.exists()
