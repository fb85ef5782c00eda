"""Work on the images of a run folder in shards, so that a message to a worker carries enough to be worth it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from qwave_batch.errors import WorkerKilled, WorkersGone
from qwave_batch.executors.sharded_work import in_batches
from qwave_batch.executors.shared_folder import SharedFolder
from qwave_batch.executors.workers import Item, Result, Setup, Work, Workers
from qwave_batch.files.held_tree import held_tree
from qwave_batch.folder.artifacts import ArtifactStore, LocalArtifacts
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stored_images import FileFault

SHARD_IMAGES: Final = 200
"""Images of a shard: some seconds of one processor. That is what is done again after a worker or a command was killed;
the message there and back, some milliseconds, is not felt beside it."""
_REQUESTS = 16
"""Images that are on their way from a store to one worker at once."""

Tag = TypeVar("Tag")
Found = TypeVar("Found")


def shards_of(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    """Yield the items by the shard, in order."""
    yield from map(tuple, in_batches(items, SHARD_IMAGES))


def map_tagged(
    workers: Workers,
    work: Work[Setup, Item, Result],
    items: Iterable[tuple[Tag, Item]],
    *,
    named: Callable[[Tag], str],
) -> Iterator[tuple[Tag, Result]]:
    """Yield the result of each item with its tag, which stays here; see ``Workers.map``.

    Args:
        workers: The workers.
        work: The task.
        items: The items, each with its tag.
        named: Returns what errors call an item, by its tag.

    Raises:
        WorkersGone: there are no workers any more, or an item has ended several.
    """
    tags: deque[Tag] = deque()

    def untagged() -> Iterator[Item]:
        for tag, item in items:
            tags.append(tag)
            yield item

    try:
        for result in workers.map(work, untagged()):
            yield tags.popleft(), result
    except WorkerKilled as error:
        if not tags:
            raise
        raise WorkersGone(
            f"{named(tags[0])} ended {error.workers} workers, one after the other ({error.how})"
        ) from error


@dataclass(frozen=True, slots=True)
class StoredImageQuestion(Generic[Found]):
    """A question about stored images of one folder."""

    folder: SharedFolder
    look: Callable[[ArtifactStore, str], Found | FileFault]
    """A function of a module."""


def image_work(
    layout: RunLayout, look: Callable[[ArtifactStore, str], Found | FileFault]
) -> Work[StoredImageQuestion[Found], Sequence[str], list[Found | FileFault]]:
    """Return the work on shards of paths that answers a question about each image."""
    return Work(_answering, StoredImageQuestion(SharedFolder.of(layout), look))


def ask_workers(
    workers: Workers,
    layout: RunLayout,
    items: Iterable[tuple[Tag, str]],
    look: Callable[[ArtifactStore, str], Found | FileFault],
    *,
    on_shard: Callable[[], None],
) -> Iterator[tuple[Tag, Found | FileFault]]:
    """Yield each item with what ``look`` says of its path on a worker, in order; see ``Workers.map``.

    Args:
        workers: The workers; ``check_reach`` has found that they reach the folder.
        layout: The folder.
        items: Anything, with the path of an image.
        look: The question about each image; a function of a module.
        on_shard: Called when all items of a shard were taken, to keep what was said of them.
    """
    shards = ((shard, tuple(path for _, path in shard)) for shard in shards_of(items))
    for shard, answers in map_tagged(
        workers, image_work(layout, look), shards, named=lambda shard: shard_span([path for _, path in shard])
    ):
        yield from zip((item for item, _ in shard), answers, strict=True)
        on_shard()


def shard_span(paths: Sequence[str]) -> str:
    """Return what errors call a shard of images."""
    return f"the image {paths[0]}" if len(paths) == 1 else f"one of the {len(paths)} images {paths[0]} to {paths[-1]}"


def requested(ask: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return the result of each item, on a worker, where each is a request to a store, which mostly waits."""
    with ThreadPoolExecutor(_REQUESTS) as pool:
        return list(pool.map(ask, items))


def _answering(question: StoredImageQuestion[Found]) -> Callable[[Sequence[str]], list[Found | FileFault]]:
    """Return what answers a question about a shard of paths, on a worker."""
    folder, layout = question.folder, question.folder.layout()

    def said(found: Found | FileFault) -> Found | FileFault:
        return replace(found, message=folder.as_shown(found.message)) if isinstance(found, FileFault) else found

    def answer(paths: Sequence[str]) -> list[Found | FileFault]:
        if layout.artifacts.is_remote:
            return [said(each) for each in requested(lambda path: question.look(layout.artifacts, path), paths)]
        with held_tree(layout.root) as tree:
            artifacts = LocalArtifacts(tree)
            found = [question.look(artifacts, path) for path in paths]
        if any(isinstance(each, FileFault) for each in found):
            folder.check_is_there(layout)
        return [said(each) for each in found]

    return answer
