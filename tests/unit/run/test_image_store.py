"""Two jobs that ask for one name, at one moment."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from qwave_batch.client.answers import Downloaded
from qwave_batch.folder.image_inspection import BadImage
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import ImageName
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.run.images.image_store import DownloadedImage, ImageStore
from tests.unit.run.honest_api import image_of


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    layout = RunLayout(tmp_path / "run")
    layout.create()
    return layout


def negative(layout: RunLayout, data: bytes, job_id: str, *, in_memory: bool = True) -> DownloadedImage:
    into = layout.partial_of(job_id, 1)
    if not in_memory:
        into.write_bytes(data)
    return DownloadedImage(
        fetched=Downloaded(size_bytes=len(data), content=data if in_memory else None),
        into=into,
        name=ImageName(job_path="same", job_id=job_id),
        restores=None,
        source_url="https://x",
    )


def developed(layout: RunLayout, *negatives: DownloadedImage) -> list[StoredFile | BadImage]:
    async def main() -> list[StoredFile | BadImage]:
        image_store = ImageStore(layout, ledger)
        return await asyncio.gather(*map(image_store.develop, negatives))

    with Ledger.open(layout.ledger) as ledger:
        return asyncio.run(main())


@pytest.mark.parametrize("in_memory", [True, False])
def test_an_image_from_memory_and_one_from_a_file_end_alike(layout: RunLayout, *, in_memory: bool) -> None:
    data = image_of({"seed": 1}, 1)
    (file,) = developed(layout, negative(layout, data, "a", in_memory=in_memory))
    assert isinstance(file, StoredFile)
    path = layout.root / file.image.path
    assert path.read_bytes() == data
    assert file.image.sha256 == hashlib.sha256(data).hexdigest()
    assert file.modified_ns == path.stat().st_mtime_ns
    assert list(layout.partial.iterdir()) == []


def test_one_name_goes_to_one_job(layout: RunLayout) -> None:
    """Equal bytes do not share a file: each job has its own."""
    data = image_of({"seed": 1}, 1)
    files = developed(layout, *(negative(layout, data, job_id) for job_id in "abcdef"))
    paths = {file.image.path for file in files if isinstance(file, StoredFile)}
    assert len(paths) == 6
    assert "images/same.png" in paths
    assert all((layout.root / path).read_bytes() == data for path in paths)


def test_bytes_that_are_no_image_are_kept_as_evidence_only(layout: RunLayout) -> None:
    async def main() -> None:
        image_store = ImageStore(layout, ledger)
        bad = negative(layout, b"<html>", "a")
        assert isinstance(await image_store.develop(bad), BadImage)
        await image_store.keep_evidence(bad, 2)

    with Ledger.open(layout.ledger) as ledger:
        asyncio.run(main())
    assert (layout.private / "evidence" / "a-2_1").read_bytes() == b"<html>"
    assert list(layout.images.iterdir()) == []
