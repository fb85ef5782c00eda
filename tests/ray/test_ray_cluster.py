"""A Ray that can't be used is refused with its reason before any work."""

import json
import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.api.run_workers import check_all_are_here
from qwave_batch.errors import WorkersUnusable
from qwave_batch.executors.ray_actor import WorkerFacts
from qwave_batch.executors.ray_cluster import open_ray
from qwave_batch.executors.ray_workers import open_ray_workers
from tests.ray.started_ray import StartedRay, started_ray

METADATA = (b"CLUSTER_METADATA", b"cluster")
"""The versions that a Ray was started with, in its own store of names."""


def refusal(address: str) -> str:
    """Return the reason for which a Ray is refused."""
    with pytest.raises(WorkersUnusable) as raised, open_ray(qb.RayExecutor(address=address)):
        pass
    return str(raised.value)


@contextmanager
def listening(backlog: int) -> Iterator[str]:
    """Listen, and never answer; the address of one that does not even listen has no backlog."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if backlog:
            taken.listen(backlog)
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_an_address_at_which_nothing_listens_is_refused() -> None:
    with listening(0) as address:
        assert refusal(address) == f"the Ray at {address} can't be used: Connection refused"


@pytest.mark.timeout(20)
def test_one_that_takes_connections_and_never_answers_is_refused_within_seconds() -> None:
    with listening(1) as address:
        assert refusal(address).endswith("can't be used: it takes connections, and has not answered for 5 s")


def test_something_else_than_a_ray_is_refused() -> None:
    """A server of web pages, say."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with ThreadPoolExecutor() as thread:
            thread.submit(answer_once, server)
            assert refusal(address).endswith("can't be used: something answers there that is not a Ray")


def answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.recv(100)


@contextmanager
def started_with(address: str, **versions: str) -> Iterator[None]:
    """Have a Ray say that it was started with other versions."""
    store: Any = lazy.ray._raylet.GcsClient(address=address)
    key, namespace = METADATA
    said = store.internal_kv_get(key, namespace)
    store.internal_kv_put(key, json.dumps(json.loads(said) | versions).encode(), True, namespace)
    try:
        yield
    finally:
        store.internal_kv_put(key, said, True, namespace)


@pytest.mark.parametrize("versions", [{"ray_version": "2.40.0"}, {"python_version": "3.9.1"}], ids=["ray", "python"])
def test_a_ray_or_a_python_of_another_version_is_refused(ray_here: StartedRay, versions: dict[str, str]) -> None:
    with started_with(ray_here.address, **versions):
        why = refusal(ray_here.address)
    assert "Version mismatch" in why
    assert next(iter(versions.values())) in why


def test_workers_with_other_code_of_this_program_are_refused(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout / "qwave_batch", tmp_path / "qwave_batch", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "qwave_batch" / "lazy.py").open("a", encoding="utf-8") as changed:
        changed.write("# changed\n")
    with (
        started_ray(cpus=1, code=tmp_path) as other,
        pytest.raises(
            WorkersUnusable, match=r"have qwave-batch .*, and this is qwave-batch .*; install the same on both"
        ),
        open_ray_workers(qb.RayExecutor(address=other.address)),
    ):
        pass


def test_workers_on_another_machine_do_not_reach_a_simulator() -> None:
    here, there = (WorkerFacts(node=host, host=host, pid=1, program="") for host in ("here", "there"))
    check_all_are_here([here, here], "here")
    with pytest.raises(WorkersUnusable, match="workers on there can't reach it"):
        check_all_are_here([here, there], "here")
