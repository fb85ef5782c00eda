"""A run whose workers put their images into an object store: the same images and manifest as in a folder, made here."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import qwave_batch as qb
from tests.contracts.run_contract import HERE, JOBS, Stage, staged
from tests.integration.settled import Contents, contents_of, lasting_lines
from tests.integration.stores.conftest import Bucket, made_bucket
from tests.s3_server import serving_s3


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with serving_s3() as address:
        bucket = made_bucket(address)
        for name, value in bucket.environment().items():
            monkeypatch.setenv(name, value)
        yield bucket


def contents_in(bucket: Bucket) -> Contents:
    images = {key.removeprefix("run/"): bucket.content(key) for key in bucket.below("run/images/")}
    return Contents(lines=lasting_lines(bucket.content("run/manifest.jsonl").decode()), images=images)


async def run_into(stage: Stage, bucket: Bucket) -> qb.RunSummary:
    return await qb.run_batch(
        stage.home / "spec.yaml",
        connection=qb.Connection(key="k", base_url=stage.base_url),
        out_dir=stage.folder,
        store=f"{bucket.url}/run",
        executor=qb.RayExecutor(workers=1),
    )


def test_images_and_manifest_are_the_same_in_a_store_by_workers_and_in_a_folder_from_here(
    bucket: Bucket, tmp_path: Path
) -> None:
    async def story() -> None:
        async with staged(tmp_path / "here") as stage:
            await stage.run(HERE)
        async with staged(tmp_path / "there") as stage:
            made = await run_into(stage, bucket)
            assert (made.exit_status, made.counts.completed, len(stage.simulator.tasks())) == (0, JOBS, JOBS)

    asyncio.run(story())
    assert contents_in(bucket) == contents_of(tmp_path / "here" / "run")
    assert qb.open_run(f"{bucket.url}/run").verify().is_sound
