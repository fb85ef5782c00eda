"""Reads the images of an export from their run folders, checks them, and changes them as asked; several at a time."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from qwave_batch.errors import QwaveError, StorageError
from qwave_batch.export.columns import ImageFacts
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.image_change import ImageChange
from qwave_batch.export.image_encoding import UnreadableImage, encode_image
from qwave_batch.export.marks.mark_facts import facts_for_marks
from qwave_batch.export.marks.marking import marked, signature_notes
from qwave_batch.imaging.image_inspection import EXTENSIONS
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.image_files import in_threads, threads_over
from qwave_batch.output.manifest_line import encode_line

_ENCODING = 2
"""Grows when images are encoded otherwise than before, so that exports of an earlier version are made anew."""
IMAGES_AHEAD_OF_A_THREAD = 2
"""Images in memory for each thread that loads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedImage:
    """An image as it is exported, in memory."""

    data: bytes = field(repr=False)
    facts: ImageFacts
    neighbours: Mapping[str, bytes] = field(default_factory=dict)
    """Files that belong beside it, by what follows its name, such as ``.xmp``."""
    notes: tuple[NoteKind, ...] = ()
    """Facts about its marks and its signature."""
    part: str | None = None
    """The path in the output of a file that a worker has written aside, which has the bytes in place of ``data``."""

    @property
    def ending(self) -> str:
        """Return how its file's name ends, without a dot."""
        return EXTENSIONS[self.facts.format].removeprefix(".")


@dataclass(frozen=True, slots=True)
class UnusableImage:
    """An image that the folder does not hold as its record says."""

    reason: str


LoadOutcome: TypeAlias = LoadedImage | UnusableImage
Tag = TypeVar("Tag")


@dataclass(frozen=True, slots=True)
class ImageLoader:
    """Loads images; its calls may come from many threads."""

    readers: Sequence[FolderReader]
    rule: ImageChange
    catalogs: Sequence[str | None] = ()
    """For each folder the date of its catalog, which marks state; they are read only where marks are asked for."""

    @property
    def pace(self) -> Mapping[str, int]:
        """How many threads load images, and how many images are held, as ``in_threads`` takes both."""
        threads = threads_over(*(reader.layout.artifacts for reader in self.readers))
        return {"threads": threads, "ahead": IMAGES_AHEAD_OF_A_THREAD * threads}

    def key_of(self, row: ExportRow) -> str:
        """Return a text that stands for the bytes that ``load`` returns: the same text, the same bytes."""
        assert row.image is not None, row.key  # noqa: S101 - the caller's promise
        if self.rule.keeps_bytes:
            return row.image.sha256
        told = hashlib.sha256(encode_line(row.line)).hexdigest() if self.rule.marks else ""
        marks = "+".join(sorted(mark.value for mark in self.rule.marks))
        return (
            f"{row.image.sha256} {self.rule.form.value} {self.rule.quality} {self.rule.max_size} {marks} "
            f"{self.rule.has_prompt} {told} {self.catalogs[row.folder] if told else ''} {_ENCODING}"
        )

    def load(self, row: ExportRow) -> LoadOutcome:
        """Return the image of a row that has one, with the bytes that the export writes."""
        assert row.image is not None, row.key  # noqa: S101 - the caller's promise
        try:
            data = self._read(row)
        except QwaveError as error:
            if isinstance(error, StorageError) and self.readers[row.folder].layout.artifacts.is_remote:
                raise  # a store that is not reached says nothing about its images
            return UnusableImage(str(error))
        if data is None:
            return UnusableImage("it is missing")
        if hashlib.sha256(data).hexdigest() != row.image.sha256:
            return UnusableImage("it is damaged: it has other bytes than were recorded")
        return self._changed(row, data)

    def loaded(self, rows: Iterable[ExportRow]) -> Iterator[tuple[ExportRow, LoadOutcome | None]]:
        """Yield rows with their images, None for a row without one, in order; see ``each``."""
        return self.each((row, None if row.image is None else row) for row in rows)

    def each(
        self,
        wanted: Iterable[tuple[Tag, ExportRow | None]],
        *,
        is_placed: bool = False,  # noqa: ARG002 - for workers
        has_bytes: bool = True,  # noqa: ARG002 - for workers
    ) -> Iterator[tuple[Tag, LoadOutcome | None]]:
        """Yield each tag with the image of its row, None where it has none, in order.

        Several are loaded at a time, and few are held.

        Args:
            wanted: Anything, with a row whose image is loaded, or None.
            is_placed: Whether the images belong in the output folder, so that a worker may write them there.
            has_bytes: Whether their bytes are needed.
        """
        found = in_threads(lambda each: None if each[1] is None else self.load(each[1]), wanted, **self.pace)
        return ((tag, outcome) for (tag, _), outcome in found)

    def _read(self, row: ExportRow) -> bytes | None:
        assert row.image is not None  # noqa: S101 - see load
        file = self.readers[row.folder].open_image(row.image)
        if file is None:
            return None
        with file:
            return file.read(row.image.size_bytes + 1)

    def _changed(self, row: ExportRow, data: bytes) -> LoadOutcome:
        assert row.image is not None  # noqa: S101 - see load
        facts = ImageFacts.of(row.image)
        if self.rule.keeps_bytes:
            return LoadedImage(data=data, facts=facts)
        try:
            made, facts = encode_image(data, facts, self.rule)
        except UnreadableImage as error:
            return UnusableImage(str(error))
        notes = () if made is data else signature_notes(data, made)
        if not self.rule.marks:
            return LoadedImage(data=made, facts=facts, notes=notes)
        told = facts_for_marks(
            row.line,
            row.image,
            size=(facts.width, facts.height),
            catalog=self.catalogs[row.folder],
            has_prompt=self.rule.has_prompt,
        )
        done = marked(made, told, self.rule.marks)
        digest = hashlib.sha256(done.data).hexdigest()
        return LoadedImage(
            data=done.data,
            facts=replace(facts, size_bytes=len(done.data), sha256=digest),
            neighbours=done.neighbours,
            notes=(*notes, *done.notes),
        )
