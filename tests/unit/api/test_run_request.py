"""A run as plain data: it pickles, and another process makes the same folder of it."""

import asyncio
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path

import pytest

import qwave_batch as qb
from qwave_batch.client.connection import connection_with_key

SPEC = """\
version: 1
name: sent
catalog: "2026-05"
request: {aspect_ratio: "1:1", seed: 7}
prompts: [A lantern, A kite]
matrix: {model: [z-image-turbo, gpt-image-2]}
"""


@pytest.fixture
def request_for(tmp_path: Path) -> qb.RunRequest:
    file = tmp_path / "sent.yaml"
    file.write_text(SPEC, encoding="utf-8")
    return qb.RunRequest(
        source=file,
        connection=qb.Simulated(latency="0.02"),
        overrides=("name=other",),
        out_dir=tmp_path / "here",
        options=qb.RunOptions(only="model == 'z-image-turbo'", limit=1, concurrency=2),
        terms=qb.plans.Terms(limits=qb.plans.Limits(concurrency=3), retry_attempts=1),
    )


def test_it_comes_back_as_it_was(request_for: qb.RunRequest) -> None:
    assert pickle.loads(pickle.dumps(request_for)) == request_for


def test_no_field_of_its_options_is_a_function() -> None:
    assert not [each.name for each in fields(qb.RunOptions) if "Callable" in str(each.type)]


def run_pickled(pickled: bytes) -> tuple[int, list[tuple[str, list[str]]]]:
    """Run a pickled request, as a worker does."""
    request = pickle.loads(pickled)
    summary = asyncio.run(qb.run_request(request))
    lines = qb.open_run(summary.folder).lines()
    return summary.exit_status, [(line.job_id, [image.sha256 for image in line.images]) for line in lines]


def test_another_process_makes_the_same_folder_of_it(request_for: qb.RunRequest, tmp_path: Path) -> None:
    here = run_pickled(pickle.dumps(request_for))
    there = pickle.loads(pickle.dumps(request_for).replace(b"here", b"far!"))
    assert there.out_dir == tmp_path / "far!"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(run_pickled, pickle.dumps(there)).result() == here
    status, lines = here
    assert (status, len(lines), sum(bool(images) for _, images in lines)) == (0, 4, 1)
    assert (tmp_path / "far!" / "summary.json").exists()


def test_a_request_without_terms_runs_by_those_of_its_plan(request_for: qb.RunRequest) -> None:
    broke = qb.plans.Terms(max_usd=0.000001)
    request = qb.RunRequest(
        source=request_for.source, connection=request_for.connection, out_dir=request_for.out_dir, terms=broke
    )
    with pytest.raises(qb.BudgetError):
        asyncio.run(qb.run_request(request))
    plain = qb.RunRequest(source=request_for.source, connection=request_for.connection, out_dir=request_for.out_dir)
    assert asyncio.run(qb.run_request(plain)).counts.completed == 4


def test_a_key_is_never_pickled(request_for: qb.RunRequest) -> None:
    request = qb.RunRequest(source=request_for.source, connection=qb.Connection(key="secret"))
    with pytest.raises(TypeError, match="ConnectionFromEnviron"):
        pickle.dumps(request)
    assert "secret" not in repr(request)


def test_the_key_comes_from_the_environment_of_the_process_that_runs() -> None:
    connection = qb.ConnectionFromEnviron(base_url="http://127.0.0.1:1/v1")
    assert b"secret" not in pickle.dumps(connection)
    account = connection_with_key(connection, {"QWAVE_API_KEY": "secret"})
    assert (account.key, account.base_url) == ("secret", "http://127.0.0.1:1/v1")
    with pytest.raises(qb.UsageError, match="QWAVE_API_KEY"):
        connection_with_key(connection, {})


def test_reading_a_request_loads_no_engine(checkout: Path) -> None:
    """A queue or a scheduler that only passes requests on needs neither HTTP nor images."""
    code = "import sys, qwave_batch.run.state.run_request; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    ended = subprocess.run((sys.executable, "-c", code), cwd=checkout, capture_output=True, text=True, check=True)
    assert {"aiohttp", "sqlite3", "PIL", "asyncio"}.isdisjoint(ended.stdout.split())
