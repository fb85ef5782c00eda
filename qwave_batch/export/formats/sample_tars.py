"""A tar of samples, as ``webdataset`` has them; made here, or by a worker that reaches the output."""

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from qwave_batch.executors.workers import Work
from qwave_batch.export.columns import ExportTable, ImageFacts, Value
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.formats.sample_facts import SampleFacts
from qwave_batch.export.image_loading import LoadedImage, LoadOutcome
from qwave_batch.export.worker_loading import OpenLoading, WorkerLoading, new_part
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors

_BUFFER_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class PlannedSample:
    """A row before its image was loaded."""

    row: ExportRow
    facts: ImageFacts
    """Of the run's file."""
    record: Mapping[str, Value]
    """Its values, as they are if the image is not changed."""
    inputs: str
    """The JSON text of its input images."""


@dataclass(frozen=True, slots=True)
class PlannedTar:
    """The samples of a tar, before any image was loaded."""

    number: int
    kind: str
    """The ending of its images."""
    samples: Sequence[PlannedSample]

    def key(self, index: int) -> str:
        """Return the key of a sample: the number of its tar, then its own in it."""
        return f"{self.number:05}{index:04}"


@dataclass(frozen=True, slots=True)
class SampleFiles:
    """Makes the files of samples."""

    facts: SampleFacts
    table: ExportTable

    def record_of(self, planned: PlannedSample, image: LoadedImage) -> Mapping[str, Value]:
        """Return the values of a sample with its image as it was exported."""
        is_changed = image.facts != planned.facts
        return self.table.record_of(planned.row, image.facts) if is_changed else planned.record

    def of(self, tar: PlannedTar, index: int, image: LoadedImage) -> Iterator[tuple[str, bytes]]:
        """Yield the files of a sample by name."""
        planned, key = tar.samples[index], tar.key(index)
        record = self.record_of(planned, image)
        yield f"{key}.{tar.kind}", image.data
        yield f"{key}.txt", str(record["prompt"]).encode()
        yield f"{key}.json", self.facts.as_json(record, planned.inputs, image)


@dataclass(frozen=True, slots=True)
class TarMaking:
    """All that a worker makes tars of."""

    loading: WorkerLoading
    files: SampleFiles


@dataclass(frozen=True, slots=True)
class MadeTar:
    """A tar that a worker has written aside."""

    part: str
    size_bytes: int
    outcomes: Sequence[LoadOutcome]
    """For each sample; the images are without their bytes."""


TarWork: TypeAlias = Work[TarMaking, tuple[PlannedTar | None, ...], Sequence[MadeTar | None]]


def tar_work(making: TarMaking) -> TarWork:
    """Return the work on tars; None is a tar that is there, and stays None."""
    return Work(_open_making, making)


def write_tar(file: BinaryIO, members: Iterable[tuple[str, bytes]]) -> int:
    """Write files into a tar without a time, an owner or anything else that would differ the next time.

    Returns:
        Its size in bytes.
    """
    size = 0
    for name, data in members:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), 0o644
        head = entry.tobuf(tarfile.USTAR_FORMAT)
        size += file.write(b"".join((head, data, bytes(-len(data) % tarfile.BLOCKSIZE))))
    end = 2 * tarfile.BLOCKSIZE
    return size + file.write(bytes(end + -(size + end) % tarfile.RECORDSIZE))


@dataclass(slots=True)
class _TarMaker:
    making: TarMaking
    loading: OpenLoading = field(init=False)

    def __post_init__(self) -> None:
        self.loading = self.making.loading.made()

    def make(self, tars: tuple[PlannedTar | None, ...]) -> Sequence[MadeTar | None]:
        return [None if tar is None else self._made(tar) for tar in tars]

    def _made(self, tar: PlannedTar) -> MadeTar:
        outcomes: list[LoadOutcome] = []
        assert self.making.loading.out is not None  # noqa: S101 - workers that do not reach it make no tars
        tree, part = Tree(Path(self.making.loading.out)), new_part()
        with (
            storage_errors(tree.root, below=part),
            io.BufferedWriter(cast("io.RawIOBase", tree.create(part)), _BUFFER_BYTES) as file,
        ):
            size_bytes = write_tar(file, self._members(tar, outcomes))
        return MadeTar(part, size_bytes, outcomes)

    def _members(self, tar: PlannedTar, outcomes: list[LoadOutcome]) -> Iterator[tuple[str, bytes]]:
        rows = tuple(planned.row for planned in tar.samples)
        for index, (_, outcome) in enumerate(self.loading.each(rows)):
            assert outcome is not None, index  # noqa: S101 - all samples have an image
            if isinstance(outcome, LoadedImage):
                yield from self.making.files.of(tar, index, outcome)
                outcome = replace(outcome, data=b"")  # noqa: PLW2901 - it is in the tar
            outcomes.append(outcome)


def _open_making(making: TarMaking) -> Callable[[tuple[PlannedTar | None, ...]], Sequence[MadeTar | None]]:
    return _TarMaker(making).make
