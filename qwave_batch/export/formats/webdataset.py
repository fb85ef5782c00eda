"""The format ``webdataset``: tars of 1,000 samples, each an image with its prompt and its facts; a table beside each.

    00000.tar  00000.parquet  README.md      with splits: train/00000.tar; with several kinds of images: png/00000.tar

A sample is ``KEY.png``, ``KEY.txt`` (the prompt) and ``KEY.json``. A key is a number, since loaders cut names at the
first dot. All images of one set of tars are of one kind, since loaders take the fields of the first samples for those
of all. The same rows make the same bytes, and a tar that is there is not made again.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa

from qwave_batch.executors.sharded_work import ShardedWork
from qwave_batch.export.arrow_tables import arrow_schema, write_parquet
from qwave_batch.export.columns import ImageFacts
from qwave_batch.export.content_mark import content_mark
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.formats.sample_facts import SampleFacts
from qwave_batch.export.formats.sample_tars import (
    MadeTar,
    PlannedSample,
    PlannedTar,
    SampleFiles,
    TarMaking,
    tar_work,
    write_tar,
)
from qwave_batch.export.image_loading import LoadedImage, LoadOutcome, UnusableImage
from qwave_batch.export.kept_inputs import KeptInputs
from qwave_batch.export.numbering import split_folders
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder
from qwave_batch.export.worker_loading import WorkerImageLoader

SAMPLES_IN_TAR = 1_000
_CONTENT_VERSION = 1
"""A part of what a tar is made of: with another number all are made again."""
_KEY = "key"


def write_webdataset(export: OpenExport, out: OutFolder) -> None:
    """Write all sets of tars, and a README.md by which Hugging Face's libraries find them."""
    files = SampleFiles(SampleFacts.of(export), export.selected.table)
    writer = _ShardWriter(export, out, files, KeptInputs(export, out))
    for split, folder in split_folders(export.request.split, export.selected.splits):
        writer.write(_shards_of(export, split, folder))
    out.write("README.md", _readme(writer.sets))


@dataclass(frozen=True, slots=True)
class _ShardSet:
    """The tars that belong together."""

    kind: str
    """The ending of their images."""
    split: str
    folder: str
    """With a slash at its end; empty for the output itself."""


@dataclass(frozen=True, slots=True)
class _Shard:
    """The rows of one tar."""

    of: _ShardSet
    number: int
    rows: Sequence[ExportRow]

    @property
    def path(self) -> str:
        """The path of its files without the ending."""
        return f"{self.of.folder}{self.number:05}"


@dataclass(frozen=True, slots=True)
class _PlannedShard:
    """A shard before any image was loaded, and which of its files are there already."""

    shard: _Shard
    tar: PlannedTar
    made_of: str
    """A hash of all that its files are made of."""
    has_tar: bool
    has_table: bool


def _shards_of(export: OpenExport, split: str, folder: str) -> Iterator[_Shard]:
    """Yield the tars of a split, with rows in order; those of several kinds of images are filled side by side."""
    has_kinds = len(export.selected.endings) > 1
    sets = {
        kind: _ShardSet(kind, split, f"{folder}{kind}/" if has_kinds else folder) for kind in export.selected.endings
    }
    filling: dict[str, list[ExportRow]] = {kind: [] for kind in sets}
    numbers = dict.fromkeys(sets, 0)
    for row in export.selected.rows(split):
        assert row.image is not None, row.key  # noqa: S101 - the format takes no rows without
        kind = export.request.image.ending_of(row.image)
        filling[kind].append(row)
        if len(filling[kind]) == SAMPLES_IN_TAR:
            yield _Shard(sets[kind], numbers[kind], tuple(filling[kind]))
            numbers[kind] += 1
            filling[kind].clear()
    for kind, rows in filling.items():
        if rows:
            yield _Shard(sets[kind], numbers[kind], tuple(rows))


@dataclass(slots=True)
class _ShardWriter:
    export: OpenExport
    out: OutFolder
    files: SampleFiles
    inputs: KeptInputs
    sets: dict[_ShardSet, list[str]] = field(default_factory=dict)
    """Those that have a tar, with what each of their tars is made of."""

    def write(self, shards: Iterator[_Shard]) -> None:
        """Write the files of shards, in order."""
        planned, loader = map(self._planned, shards), self.export.loader
        if isinstance(loader, WorkerImageLoader) and loader.out is not None:
            work = tar_work(TarMaking(loader.work_setup(is_placed=True), self.files))
            made = ShardedWork(loader.workers, work, told=_tar_to_make, killed=lambda _tar, _error: None)
            for each, tar in made.results([one] for one in planned):
                self._finish(each, tar)
        else:
            for each in planned:
                self._finish(each, None)

    def _planned(self, shard: _Shard) -> _PlannedShard:
        samples = [self._planned_sample(row) for row in shard.rows]
        made_of = self._made_of(samples)
        has_tar, has_table = self.out.has(f"{shard.path}.tar", made_of), self.out.has(f"{shard.path}.parquet", made_of)
        return _PlannedShard(shard, PlannedTar(shard.number, shard.of.kind, samples), made_of, has_tar, has_table)

    def _finish(self, planned: _PlannedShard, made: MadeTar | None) -> None:
        """Write what is not there yet; a tar that no worker could make is made here."""
        shard, made_of = planned.shard, planned.made_of
        told = self.sets.setdefault(shard.of, [])
        told.append(made_of)
        if planned.has_tar and planned.has_table:
            for _ in shard.rows:
                self.export.tick()
            return
        records: list[Mapping[str, object]] = []
        tar, table = f"{shard.path}.tar", f"{shard.path}.parquet"
        if made is not None:
            deque(self._usable(planned.tar, zip(shard.rows, made.outcomes, strict=True), records), maxlen=0)
            self.out.take_part(tar, made.part, made_of, size_bytes=made.size_bytes)
        else:
            samples = self._usable(planned.tar, self.export.loader.loaded(shard.rows), records)
            members = chain.from_iterable(self.files.of(planned.tar, index, image) for index, image in samples)
            if planned.has_tar:
                deque(samples, maxlen=0)
            else:
                with self.out.open_file(tar, made_of) as file:
                    write_tar(file, members)
        if not planned.has_table:
            with self.out.open_file(table, made_of) as file:
                columns = self.export.selected.table.columns
                write_parquet(file, arrow_schema(columns, first=[pa.field(_KEY, pa.string())]), records)
        if len(records) < len(shard.rows):  # an image that is missing now may be there the next time
            self.out.forget(tar)
            self.out.forget(table)
            told.append(f"{len(records)}")

    def _planned_sample(self, row: ExportRow) -> PlannedSample:
        assert row.image is not None, row.key  # noqa: S101 - see _shards_of
        facts = ImageFacts.of(row.image)
        record = self.export.selected.table.record_of(row, facts)
        return PlannedSample(row, facts, record, self.inputs.text_for(row))

    def _usable(
        self,
        tar: PlannedTar,
        outcomes: Iterable[tuple[ExportRow, LoadOutcome | None]],
        records: list[Mapping[str, object]],
    ) -> Iterator[tuple[int, LoadedImage]]:
        """Yield the images of samples with their places in the tar, and put their values into ``records``."""
        for index, (row, outcome) in enumerate(outcomes):
            self.export.tick()
            assert outcome is not None, row.key  # noqa: S101 - see _shards_of
            if isinstance(outcome, UnusableImage):
                self.export.miss(row, outcome.reason)
                continue
            self.export.take_notes(row, outcome)
            records.append({_KEY: tar.key(index), **self.files.record_of(tar.samples[index], outcome)})
            yield index, outcome

    def _made_of(self, plan: Sequence[PlannedSample]) -> str:
        """Return a hash of all that the files of a shard are made of."""
        columns = self.export.selected.table.columns
        told = hashlib.sha256(f"{_CONTENT_VERSION} {self.files.facts.columns} {columns}".encode())
        for each in plan:
            told.update(json.dumps([self.export.loader.key_of(each.row), each.record, each.inputs]).encode())
        return told.hexdigest()


def _tar_to_make(planned: _PlannedShard) -> PlannedTar | None:
    return None if planned.has_tar else planned.tar


def _readme(sets: Mapping[_ShardSet, Sequence[str]]) -> bytes:
    """Return a README.md whose head names the tars of each split; each kind of images is a configuration."""
    kinds = list(dict.fromkeys(each.kind for each in sets))
    lines = ["---", "configs:"] if sets else ["---"]
    for kind in kinds:
        of_kind = [each for each in sets if each.kind == kind]
        lines += [
            f"- config_name: {kind if len(kinds) > 1 else 'default'}",
            f"  description: {content_mark(told for each in of_kind for told in sets[each])}",
            "  data_files:",
        ]
        for each in of_kind:
            lines += [f'  - split: "{each.split}"', f'    path: "{each.folder}*.tar"']
    return "\n".join([*lines, "---", "", *_TEXT, ""]).encode()


_TEXT = (
    "# A WebDataset",
    "",
    "A sample is an image with the prompt (`.txt`) and the facts about it (`.json`). The JSON of all samples has the",
    "same keys: what has no value is an empty text, 0 or false there, and lists are JSON text. The table beside each",
    "tar (`.parquet`) has a row for each sample, by `key`, with null for what has no value.",
)
