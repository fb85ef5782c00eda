"""The contract of an image store, held to by the one of threads; and two jobs that ask for one name at one moment."""

import asyncio
import errno
import hashlib
import os
import pickle
import stat
import threading
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.client.answers import DownloadAnswer, Downloaded, DownloadFailed, Expired
from qwave_batch.errors import StorageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import MOST_ATTEMPTS, ImageName, possible_names, without_ending
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.run.images.image_store import BrokenImage, ImageOutcome, ImageRequest, ImageStore, UnreadFormat
from qwave_batch.run.images.name_claims import NameClaims
from qwave_batch.run.images.thread_image_store import ThreadImageStore
from tests.unit.run.honest_api import image_of

DATA = image_of({"seed": 1}, 1)
HTML = b"<html>"
JPEG_XL = b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(40)
URL = "https://files.example/1.png?sig=secret"


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    layout = RunLayout(tmp_path / "run")
    layout.create()
    return layout


class Files:
    """Downloads from a dict, into memory or into files."""

    def __init__(self, files: Mapping[str, bytes | DownloadAnswer], *, in_memory: bool = True) -> None:
        self._files, self._in_memory = files, in_memory

    async def __call__(self, url: str, into: Path) -> DownloadAnswer:
        found = self._files[url]
        if not isinstance(found, bytes):
            return found
        if not self._in_memory:
            await asyncio.to_thread(into.write_bytes, found)
        return Downloaded(size_bytes=len(found), content=found if self._in_memory else None)


def store_of(
    layout: RunLayout,
    answer: bytes | DownloadAnswer = DATA,
    *,
    in_memory: bool = True,
    owners: Mapping[str, str] | None = None,
) -> ImageStore:
    return ThreadImageStore(layout, Files({URL: answer}, in_memory=in_memory), (owners or {}).get)


def request_for(job_id: str, *, path: str = "same") -> ImageRequest:
    name = ImageName(job_path=path, job_id=job_id)
    return ImageRequest(url=URL, source_url="https://files.example/1.png", name=name, attempt_number=2)


def fetched(store: ImageStore, request: ImageRequest) -> ImageOutcome:
    return asyncio.run(store.fetch(request))


@pytest.mark.parametrize("in_memory", [True, False])
def test_an_image_from_memory_and_one_from_a_file_end_alike(layout: RunLayout, *, in_memory: bool) -> None:
    file = fetched(store_of(layout, in_memory=in_memory), request_for("a"))
    assert isinstance(file, StoredFile)
    path = layout.root / file.image.path
    assert path.read_bytes() == DATA
    assert file.image.sha256 == hashlib.sha256(DATA).hexdigest()
    assert file.image.source_url == "https://files.example/1.png"
    assert file.modified_ns == path.stat().st_mtime_ns
    assert list(layout.workspace.partial.iterdir()) == []


def test_an_image_that_came_in_an_answer_is_not_downloaded(layout: RunLayout) -> None:
    request = replace(request_for("a"), url="", content=DATA)
    file = fetched(store_of(layout, DownloadFailed(reason="never asked", retryable=True)), request)
    assert isinstance(file, StoredFile)
    assert (layout.root / file.image.path).read_bytes() == DATA


def test_one_name_goes_to_one_job(layout: RunLayout) -> None:
    """Identical bytes do not make jobs share a file: each job has its own."""
    store, claims = store_of(layout), NameClaims()

    async def one(job_id: str) -> ImageOutcome:
        request = request_for(job_id)
        return await store.fetch(replace(request, claims=claims.claim(request.name)))

    async def all_at_once() -> list[ImageOutcome]:
        return await asyncio.gather(*map(one, "abcdef"))

    paths = {file.image.path for file in asyncio.run(all_at_once()) if isinstance(file, StoredFile)}
    assert len(paths) == 6
    assert "images/same.png" in paths
    assert all((layout.root / path).read_bytes() == DATA for path in paths)


def test_a_name_is_free_again_once_its_job_has_let_go_of_it() -> None:
    claims, name = NameClaims(), ImageName(job_path="same", job_id="a")
    assert claims.claim(name) == {}
    assert claims.claim(name) == {}, "a second round of the same job"
    assert claims.claim(replace(name, job_id="b"))["images/same"] == "a"
    claims.release("a")
    claims.release("b")
    assert claims.claim(replace(name, job_id="c")) == {}


def test_a_path_on_record_is_its_owners(layout: RunLayout) -> None:
    file = fetched(store_of(layout, owners={"images/same.png": "b"}), request_for("a"))
    assert isinstance(file, StoredFile)
    assert file.image.path == "images/same-a.png"


def test_every_path_that_an_image_may_get_is_among_the_possible_ones(layout: RunLayout) -> None:
    """Else a job could take a path that another one owns."""
    request, taken = request_for("a"), list[str]()
    for _ in range(2 + MOST_ATTEMPTS):
        file = fetched(store_of(layout, owners=dict.fromkeys(taken, "b")), request)
        assert isinstance(file, StoredFile)
        taken.append(file.image.path)
    assert set(map(without_ending, taken)) <= set(possible_names(request.name))
    with pytest.raises(StorageError, match="other files have this name"):
        fetched(store_of(layout, owners=dict.fromkeys(taken, "b")), request)


def test_an_image_goes_back_where_the_record_says(layout: RunLayout) -> None:
    file = fetched(store_of(layout), replace(request_for("a"), restores="images/old/name.png"))
    assert isinstance(file, StoredFile)
    assert file.image.path == "images/old/name.png"


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("keeps_broken", [True, False])
def test_bytes_that_are_not_an_image_are_evidence_when_asked_for(
    layout: RunLayout, *, in_memory: bool, keeps_broken: bool
) -> None:
    request = replace(request_for("a"), keeps_broken=keeps_broken)
    outcome = fetched(store_of(layout, HTML, in_memory=in_memory), request)
    assert isinstance(outcome, BrokenImage)
    assert "HTML" in outcome.reason
    assert outcome.evidence == (".qwave/evidence/a-2_1.html" if keeps_broken else None)
    if outcome.evidence is not None:
        assert (layout.root / outcome.evidence).read_bytes() == HTML
    assert list(layout.images.iterdir()) == []


def test_bytes_of_a_format_that_is_not_read_are_always_evidence(layout: RunLayout) -> None:
    outcome = fetched(store_of(layout, JPEG_XL), request_for("a"))
    assert isinstance(outcome, UnreadFormat)
    assert (layout.root / outcome.evidence).read_bytes() == JPEG_XL
    assert outcome.evidence.endswith(".jxl")
    assert list(layout.images.iterdir()) == []


@pytest.mark.parametrize("answer", [Expired(status=404, reason="gone"), DownloadFailed(reason="cut", retryable=True)])
def test_an_image_that_does_not_come_says_why(layout: RunLayout, answer: DownloadAnswer) -> None:
    assert fetched(store_of(layout, answer), request_for("a")) == answer


def test_a_store_sees_what_is_missing_and_what_has_changed(layout: RunLayout) -> None:
    store = store_of(layout)
    files = [fetched(store, request_for(job_id, path=job_id)) for job_id in "abc"]
    stored = [file for file in files if isinstance(file, StoredFile)]
    (layout.root / stored[0].image.path).unlink()
    (layout.root / stored[2].image.path).write_bytes(b"x" * len(DATA))
    check = asyncio.run(store.check(stored))
    assert check.damaged == (0, 2)


def test_a_damaged_image_is_set_aside(layout: RunLayout) -> None:
    """Its place is free then, and what is left of it is there to be looked at."""
    store = store_of(layout)
    file = fetched(store, request_for("a"))
    assert isinstance(file, StoredFile)
    (layout.root / file.image.path).write_bytes(b"damaged")
    asyncio.run(store.quarantine("a", 2, {0: file, 1: file}))
    assert not (layout.root / file.image.path).exists()
    assert (layout.root / ".qwave/evidence/a-2_1-on-disk").read_bytes() == b"damaged"


def test_a_fetch_that_is_cancelled_puts_nothing_in_place(layout: RunLayout) -> None:
    """Its thread decodes on, and sees at the end that the image is no longer wanted."""
    slow = BytesIO()
    Image.new("L", (9_000, 9_000)).save(slow, "png", compress_level=1)

    async def main() -> None:
        task = asyncio.ensure_future(store_of(layout, slow.getvalue()).fetch(request_for("a")))
        while threading.active_count() == before:  # noqa: ASYNC110 - a thread tells no event of its beginning
            await asyncio.sleep(0)  # until the thread decodes
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = threading.active_count()
    asyncio.run(main())  # which waits for the thread
    assert list(layout.images.iterdir()) == []


def test_no_image_of_a_batch_is_stored_when_their_names_may_not_last(
    layout: RunLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names of a batch are synced once: where that fails, none of its images may go on record."""
    sync = os.fsync

    def failing(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, "failed")
        sync(handle)

    async def main() -> list[ImageOutcome | BaseException]:
        store = store_of(layout)
        requests = [request_for(job_id, path=job_id) for job_id in "abc"]
        return await asyncio.gather(*map(store.fetch, requests), return_exceptions=True)

    monkeypatch.setattr(os, "fsync", failing)
    outcomes = asyncio.run(main())
    assert [type(outcome) for outcome in outcomes] == [StorageError] * 3
    assert "cannot sync" in str(outcomes[0])


def test_no_image_of_a_batch_is_stored_when_a_name_may_not_last_before_a_folder_is_made(
    layout: RunLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are synced early where another image needs a new folder: the image before it is not stored either."""
    sync, first = os.fsync, layout.images / "a"
    failures: list[int] = []

    def failing_once(handle: int) -> None:
        if (
            not failures
            and first.is_dir()
            and os.path.samestat(os.fstat(handle), first.stat())
            and any(first.iterdir())
        ):
            failures.append(handle)
            raise OSError(errno.EIO, "failed")
        sync(handle)

    async def main() -> list[ImageOutcome | BaseException]:
        store = store_of(layout)
        requests = [request_for(job_id, path=f"{job_id}/x") for job_id in "abc"]
        return await asyncio.gather(*map(store.fetch, requests), return_exceptions=True)

    monkeypatch.setattr(os, "fsync", failing_once)
    outcomes = asyncio.run(main())
    assert failures
    assert [type(outcome) for outcome in outcomes] == [StorageError] * 3


def test_requests_and_outcomes_cross_a_process(layout: RunLayout) -> None:
    """A worker elsewhere needs nothing but the pickled request, and what it returns pickles too."""
    request = replace(request_for("a"), content=DATA, claims={"images/x": "b"}, restores="images/y.png")
    assert pickle.loads(pickle.dumps(request)) == request
    outcomes: list[ImageOutcome] = [
        fetched(store_of(layout), request_for("a")),
        BrokenImage(reason="cut", evidence="e"),
        UnreadFormat(reason="JPEG XL", evidence="e"),
        Expired(status=410, reason="gone"),
        DownloadFailed(reason="cut", retryable=True, status=503, retry_after_s=2.0),
    ]
    assert pickle.loads(pickle.dumps(outcomes)) == outcomes


def test_a_signed_address_is_not_shown() -> None:
    assert "secret" not in repr(request_for("a"))
