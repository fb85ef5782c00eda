"""The questions of a folder to a scorer: its images, its pairs, or the sets of its models, each with its key."""

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from qwave_batch.errors import UsageError
from qwave_batch.files.sqlite_files import temporary_database
from qwave_batch.folder.storage import database_errors
from qwave_batch.model.axis_labels import axis_label, model_label
from qwave_batch.model.job_identity import sample_hash
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.folder_reader import FolderReader, LineFilter
from qwave_batch.output.manifest_line import ManifestLine, encode_line, line_from_json
from qwave_batch.scoring.score_items import ItemLoader, ItemMaker, Lacking, UnreadableItem, prompt_sha256
from qwave_batch.scoring.score_lines import (
    OtherScored,
    ScoredSet,
    ScoreLine,
    params_hash,
    score_key,
    set_sha256,
)
from qwave_batch.scoring.scorer import Item, Level, Need, OtherImage, Outcome, Score, ScoreError, ScorerFacts

if TYPE_CHECKING:
    import sqlite3

MODEL_AXIS = "model"
"""The axis that every job has, whether or not it is one of the spec."""


@dataclass(frozen=True, slots=True)
class Question:
    """One item with its identity."""

    item: Item
    sha256: str
    prompt_sha256: str
    count: int | None = None
    """The images of a set."""

    @property
    def subject(self) -> tuple[str, ...]:
        """The names that its line goes by, whatever the bytes."""
        return (self.item.model,) if self.count is not None else subject_of(self.item)

    def key(self, edition: tuple[str, str, str]) -> tuple[str, ...]:
        """Return what an answer can be found by, for a scorer."""
        other = self.item.other
        return score_key(self.sha256, other.file.sha256 if other else "", self.prompt_sha256, edition)

    def line(self, facts: ScorerFacts, outcome: Outcome, *, cost_nusd: int, at: float) -> ScoreLine:
        """Return the line of its outcome."""
        item, other, is_set = self.item, self.item.other, self.count is not None
        return ScoreLine(
            job_id=None if is_set else item.job_id,
            image=None if is_set else item.image,
            sha256=self.sha256,
            other=None
            if other is None
            else OtherScored(job_id=other.job_id, image=other.image, sha256=other.file.sha256),
            set=ScoredSet(model=item.model) if is_set else None,
            count=self.count,
            prompt_sha256=self.prompt_sha256,
            scorer=facts.name,
            version=facts.version,
            params=params_hash(facts.params),
            scores=dict(outcome.numbers) if isinstance(outcome, Score) else {},
            details=outcome.details if isinstance(outcome, Score) else None,
            error=outcome if isinstance(outcome, ScoreError) else None,
            cost_nusd=cost_nusd,
            at=at,
        )


def subject_of(item: Item) -> tuple[str, ...]:
    """Return the names of an image or a pair."""
    other = () if item.other is None else (item.other.job_id, str(item.other.image))
    return item.job_id, str(item.image), *other


Asked: TypeAlias = Question | Lacking


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionChoice:
    """The images of a folder that are asked about."""

    where: LineFilter
    axis: str = MODEL_AXIS
    """The one axis that the images of a pair differ in."""
    pairs: int | None = None
    """How many pairs; None for all."""
    seed: int = 0
    """Which pairs those are."""


def questions_of(reader: FolderReader, maker: ItemMaker, level: Level, choice: QuestionChoice) -> Iterator[Asked]:
    """Yield the questions about a folder, in plan order, without bytes.

    Raises:
        UsageError: no image has the axis that pairs are to differ in; or a filter was named for sets.
        FolderError, StorageError: the folder can't be read.
    """
    match level:
        case Level.IMAGE:
            yield from _about_images(reader, maker, choice)
        case Level.PAIR:
            yield from _about_pairs(reader, maker, choice)
        case Level.SET:
            yield from _about_sets(reader, maker, choice)


def _about_images(reader: FolderReader, maker: ItemMaker, choice: QuestionChoice) -> Iterator[Asked]:
    for line in reader.lines(choice.where):
        for found in maker.items_of(line):
            yield found if isinstance(found, Lacking) else _question(found, maker.needs)


def _question(item: Item, needs: frozenset[Need]) -> Question:
    return Question(item, item.file.sha256, prompt_sha256(item, needs))


# Pairs.

_TABLE = "CREATE TABLE image (image INTEGER PRIMARY KEY, cell BLOB, value TEXT, number INTEGER, line BLOB)"
_PAIRS = """
FROM image AS a JOIN image AS b ON b.cell = a.cell AND b.image > a.image AND b.value != a.value
"""


def _about_pairs(reader: FolderReader, maker: ItemMaker, choice: QuestionChoice) -> Iterator[Asked]:
    """Yield the pairs of images of one prompt that differ in one axis, each once: the first with the first, and so on.

    A job without images counts as one that has one, so that the others keep their partners.
    """
    with database_errors(Path("a temporary file")), closing(temporary_database(_TABLE)) as db:
        taken = Counter[bytes]()
        for line in reader.lines(choice.where):
            value = _value_of(line, choice.axis)
            if value is None:
                continue
            raw, place = encode_line(line), _hash_of(value, _common(line, choice.axis))
            for index in range(len(line.images)):
                cell = _hash_of(taken[place] + index, _common(line, choice.axis))
                row = (cell, value, index, raw)
                db.execute("INSERT INTO image (cell, value, number, line) VALUES (?, ?, ?, ?)", row)
            taken[place] += max(1, len(line.images))
        if not taken:
            raise UsageError(f'{reader.layout.address} has no job with the axis "{choice.axis}", so there are no pairs')
        db.execute("CREATE INDEX cells ON image (cell)")
        for first, second in _chosen(db, choice):
            yield _pair(maker, *_image(db, first), *_image(db, second))


def _value_of(line: ManifestLine, axis: str) -> str | None:
    """Return the label of a line's value on an axis; None where it has none."""
    if axis == MODEL_AXIS:
        return model_label(line.axes, line.model)
    return axis_label(line.axes[axis]) if axis in line.axes else None


def _common(line: ManifestLine, axis: str) -> Json:
    """Return what the two images of a pair have in common."""
    others = {name: value for name, value in line.axes.items() if name != axis}
    return [line.prompt_id, line.prompt, line.action, line.stage, others, "" if axis == MODEL_AXIS else line.model]


def _hash_of(*parts: Json) -> bytes:
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=12).digest()


def _chosen(db: "sqlite3.Connection", choice: QuestionChoice) -> Iterator[tuple[int, int]]:
    every = db.execute(f"SELECT a.image, b.image {_PAIRS} ORDER BY a.image, b.image")
    if choice.pairs is None:
        yield from every
        return
    names = dict(db.execute("SELECT image, json_extract(CAST(line AS TEXT), '$.job_id') || '/' || number FROM image"))
    hashed = ((sample_hash(choice.seed, f"{names[one]}:{names[two]}"), one, two) for one, two in every)
    yield from sorted((one, two) for _, one, two in heapq.nsmallest(choice.pairs, hashed))


def _image(db: "sqlite3.Connection", image: int) -> tuple[ManifestLine, int]:
    ((raw, number),) = db.execute("SELECT line, number FROM image WHERE image = ?", (image,))
    return line_from_json(json.loads(raw)), number


def _pair(maker: ItemMaker, line: ManifestLine, index: int, other: ManifestLine, other_index: int) -> Asked:
    item = maker.item_of(line, index, line.images[index])
    if isinstance(item, Lacking):
        return item
    second = OtherImage(
        job_id=other.job_id,
        image=other_index,
        file=maker.file_of(other.images[other_index]),
        model=other.model,
        axes=other.axes,
    )
    return _question(replace(item, other=second), maker.needs)


# Sets.


@dataclass(frozen=True, slots=True)
class _Members:
    """The images of a model, read anew each time they are gone through."""

    reader: FolderReader
    maker: ItemMaker
    model: str

    def __iter__(self) -> Iterator[Item]:
        loader = ItemLoader(self.reader)
        for item in self.unread():
            loaded = loader.load(item)
            if isinstance(loaded, ScoreError):
                raise UnreadableItem(loaded.code, loaded.message)
            yield loaded

    def unread(self) -> Iterator[Item]:
        for line in self.reader.lines(LineFilter(models=frozenset({self.model}))):
            for found in self.maker.items_of(line):
                if isinstance(found, Item):
                    yield found


def _about_sets(reader: FolderReader, maker: ItemMaker, choice: QuestionChoice) -> Iterator[Asked]:
    """Yield a question for each model, about all its images."""
    if choice.where != LineFilter():
        raise UsageError("a number of a set is about all images of a model, so no filter can be used with this scorer")
    models: Mapping[str, None] = dict.fromkeys(line.model for line in reader.lines() if line.images)
    for model in models:
        members = _Members(reader, maker, model)
        first, prompts, hashes = None, hashlib.sha256(), []
        for line in reader.lines(LineFilter(models=frozenset({model}))):
            for found in maker.items_of(line):
                if isinstance(found, Lacking):
                    yield found
                    continue
                first = first or found
                prompts.update(prompt_sha256(found, maker.needs).encode())
                hashes.append(found.file.sha256)
        if first is not None:
            item = replace(first, members=members)
            yield Question(item, set_sha256(iter(hashes)), prompts.hexdigest(), count=len(hashes))
