import subprocess
import sys
from concurrent.futures import Future
from importlib import import_module
from pathlib import Path

import pytest

from qwave_batch.executors.driver_messages import CallFailed, Connect, MessageStream, NotConnected, WorkerEnded
from qwave_batch.executors.ray_driver import call_outcome

NOWHERE = "127.0.0.1:1"
LOSSES = ("OutOfMemoryError", "ObjectLostError", "OwnerDiedError", "ActorDiedError", "NodeDiedError")


def raised(name: str) -> "Future[bytes]":
    """Return a call that Ray has ended with one of its errors."""
    kind = getattr(import_module("ray.exceptions"), name)
    error = type(name, (kind,), {"__init__": Exception.__init__, "__str__": Exception.__str__})("of Ray")
    future: Future[bytes] = Future()
    future.set_exception(error)
    return future


@pytest.mark.parametrize("name", LOSSES)
def test_a_worker_that_is_lost_with_its_result_is_one_that_has_ended(name: str) -> None:
    assert call_outcome(7, raised(name)) == WorkerEnded(call=7, how="of Ray")


def test_an_error_of_ray_itself_is_no_fault_of_a_worker() -> None:
    assert call_outcome(7, raised("RaySystemError")) == CallFailed(call=7, why="of Ray")


def test_the_folder_goes_with_the_process_that_speaks_to_ray_whoever_made_it(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    argv = (sys.executable, "-c", "from qwave_batch.executors.ray_driver import drive; drive()")
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stream = MessageStream(process.stdout, process.stdin)
        stream.send(Connect(address=NOWHERE, processors=1, folder=str(folder)))
        assert isinstance(stream.receive(), NotConnected)
    assert not folder.exists()
