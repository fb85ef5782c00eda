"""The format ``webdataset``: tars of 1,000 samples, each an image with its prompt and its facts; a table beside each.

    00000.tar  00000.parquet  README.md      with splits: train/00000.tar; with several kinds of images: png/00000.tar

A sample is ``KEY.png``, ``KEY.txt`` (the prompt) and ``KEY.json``. A key is a number, since loaders cut names at the
first dot. All images of one set of tars are of one kind, since loaders take the fields of the first samples for those
of all. The same rows make the same bytes, and a tar that is there is not made again.
"""

import hashlib
import json
import tarfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import pyarrow as pa

from qwave_batch.export.arrow_tables import arrow_schema, write_parquet
from qwave_batch.export.columns import ImageFacts, Value
from qwave_batch.export.content_mark import content_mark
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.formats.sample_facts import SampleFacts
from qwave_batch.export.image_loading import UnusableImage
from qwave_batch.export.kept_inputs import KeptInputs
from qwave_batch.export.numbering import split_folders
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder

SAMPLES_IN_TAR = 1_000
_CONTENT_VERSION = 1
"""A part of what a tar is made of: with another number all are made again."""
_KEY = "key"


def write_webdataset(export: OpenExport, out: OutFolder) -> None:
    """Write all sets of tars, and a README.md by which Hugging Face's libraries find them."""
    writer = _ShardWriter(export, out, SampleFacts.of(export), KeptInputs(export, out))
    for split, folder in split_folders(export.request.split, export.selected.splits):
        for shard in _shards_of(export, split, folder):
            writer.write(shard)
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

    def key(self, index: int) -> str:
        """Return the key of a sample: the number of its tar, then its own in it."""
        return f"{self.number:05}{index:04}"


@dataclass(frozen=True, slots=True)
class _PlannedSample:
    """A row before its image was loaded."""

    row: ExportRow
    facts: ImageFacts
    """Of the run's file."""
    record: Mapping[str, Value]
    """Its values, as they are if the image is not changed."""
    inputs: str
    """The JSON text of its input images."""


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
    facts: SampleFacts
    inputs: KeptInputs
    sets: dict[_ShardSet, list[str]] = field(default_factory=dict)
    """Those that have a tar, with what each of their tars is made of."""

    def write(self, shard: _Shard) -> None:
        plan = [self._planned(row) for row in shard.rows]
        tar, table = f"{shard.path}.tar", f"{shard.path}.parquet"
        made_of = self._made_of(plan)
        self.sets.setdefault(shard.of, []).append(made_of)
        has_tar, has_table = self.out.has(tar, made_of), self.out.has(table, made_of)
        if has_tar and has_table:
            for _ in shard.rows:
                self.export.tick()
            return
        records: list[Mapping[str, object]] = []
        samples = self._samples(shard, plan, records)
        if has_tar:
            deque(samples, maxlen=0)
        else:
            with self.out.open_file(tar, made_of) as file:
                _write_tar(file, samples)
        if not has_table:
            with self.out.open_file(table, made_of) as file:
                columns = self.export.selected.table.columns
                write_parquet(file, arrow_schema(columns, first=[pa.field(_KEY, pa.string())]), records)
        if len(records) < len(shard.rows):  # an image that is missing now may be there the next time
            self.out.forget(tar)
            self.out.forget(table)
            self.sets[shard.of].append(f"{len(records)}")

    def _planned(self, row: ExportRow) -> _PlannedSample:
        assert row.image is not None, row.key  # noqa: S101 - see _shards_of
        facts = ImageFacts.of(row.image)
        record = self.export.selected.table.record_of(row, facts)
        return _PlannedSample(row, facts, record, self.inputs.text_for(row))

    def _samples(
        self, shard: _Shard, plan: Sequence[_PlannedSample], records: list[Mapping[str, object]]
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the files of each sample, and put its values into ``records``."""
        for index, (row, outcome) in enumerate(self.export.loader.loaded(shard.rows)):
            self.export.tick()
            assert outcome is not None, row.key  # noqa: S101 - see _shards_of
            if isinstance(outcome, UnusableImage):
                self.export.miss(row, outcome.reason)
                continue
            self.export.take_notes(row, outcome)
            planned, key = plan[index], shard.key(index)
            is_changed = outcome.facts != planned.facts
            record = self.export.record_of(row, outcome) if is_changed else planned.record
            records.append({_KEY: key, **record})
            yield f"{key}.{shard.of.kind}", outcome.data
            yield f"{key}.txt", str(record["prompt"]).encode()
            yield f"{key}.json", self.facts.as_json(record, planned.inputs, outcome)

    def _made_of(self, plan: Sequence[_PlannedSample]) -> str:
        """Return a hash of all that the files of a shard are made of."""
        told = hashlib.sha256(f"{_CONTENT_VERSION} {self.facts.columns} {self.export.selected.table.columns}".encode())
        for each in plan:
            told.update(json.dumps([self.export.loader.key_of(each.row), each.record, each.inputs]).encode())
        return told.hexdigest()


def _write_tar(file: BinaryIO, members: Iterable[tuple[str, bytes]]) -> None:
    """Write files into a tar without a time, an owner or anything else that would differ the next time."""
    size = 0
    for name, data in members:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), 0o644
        head = entry.tobuf(tarfile.USTAR_FORMAT)
        size += file.write(b"".join((head, data, bytes(-len(data) % tarfile.BLOCKSIZE))))
    end = 2 * tarfile.BLOCKSIZE
    file.write(bytes(end + -(size + end) % tarfile.RECORDSIZE))


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
