"""The image store of workers elsewhere, over workers that are threads; with those of a Ray it is tried in tests/ray."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch.client.connection import Reached
from qwave_batch.errors import WorkersGone
from qwave_batch.executors.worker_pool import WorkerPool
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import ImageName
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.run.images.image_store import BrokenImage, ImageRequest
from qwave_batch.run.images.image_worker import FetchOrder, FetchSetup, StagedImage, open_fetching
from qwave_batch.run.images.ray_image_store import RayImageStore
from tests.unit.executors.thread_source import ThreadSource
from tests.unit.run.honest_api import image_of

DATA = image_of({"seed": 1}, 1)
REQUEST = ImageRequest(
    content=DATA, source_url="", name=ImageName(job_path="cats/1", job_id="abcd"), attempt_number=1, keeps_broken=True
)


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    layout = RunLayout(tmp_path / "run")
    layout.create()
    return layout


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    opened = WorkerPool(ThreadSource(), 2, at_once=4)
    yield opened
    opened.close(WorkersGone("the test is over"))


def setup_of(layout: RunLayout) -> FetchSetup:
    reached = Reached(base_url="http://127.0.0.1:1/v1")
    return FetchSetup(folder=layout.root, store=None, reached=reached, wants_picture=False)


def store_of(layout: RunLayout, pool: WorkerPool, owners: Mapping[str, str]) -> RayImageStore:
    return RayImageStore(layout, pool, setup_of(layout), owners.get)


def test_an_image_gets_its_name_where_the_ledger_is(layout: RunLayout, pool: WorkerPool) -> None:
    store = store_of(layout, pool, {"images/cats/1.png": "another job"})
    file = asyncio.run(store.fetch(REQUEST))
    assert isinstance(file, StoredFile)
    assert file.image.path == "images/cats/1-abcd.png"
    assert (layout.root / file.image.path).read_bytes() == DATA
    assert list(layout.workspace.partial.iterdir()) == []


def test_a_worker_puts_nothing_under_a_name(layout: RunLayout) -> None:
    """Two tries of one image do not meet either: one of them may be of a worker that was taken for dead."""
    fetch = open_fetching(setup_of(layout))
    tries = [fetch(FetchOrder(request=REQUEST)) for _ in range(2)]
    assert len({each.partial for each in tries if isinstance(each, StagedImage)}) == 2
    assert list(layout.images.iterdir()) == []


def test_bytes_that_are_not_an_image_end_in_the_evidence(layout: RunLayout, pool: WorkerPool) -> None:
    outcome = asyncio.run(store_of(layout, pool, {}).fetch(replace(REQUEST, content=b"<html>")))
    assert isinstance(outcome, BrokenImage)
    assert outcome.evidence is not None
    assert (layout.root / outcome.evidence).read_bytes() == b"<html>"


def test_workers_that_are_gone_are_told(layout: RunLayout, pool: WorkerPool) -> None:
    store = store_of(layout, pool, {})
    pool.close(WorkersGone("Ray has gone away"))
    with pytest.raises(WorkersGone, match="Ray has gone away"):
        asyncio.run(store.fetch(REQUEST))
