"""The items of a run folder: what a scorer is asked about, made of the lines, and loaded shortly before it is.

An item is first made without its bytes, so that it can be counted, priced and looked up; ``ItemLoader`` reads them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.files.regular_files import open_regular, system_reason
from qwave_batch.folder.artifacts import ArtifactStore, LocalArtifacts
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES
from qwave_batch.model.input_references import PREFIX, is_reference, texts_in
from qwave_batch.model.job_identity import canonical
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.parent_links import parent_link
from qwave_batch.model.portable_paths import path_fault
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.output.parent_lines import ParentLines
from qwave_batch.scoring.scorer import Item, ItemFile, Need, ScoreError

NO_BYTES = b""


@dataclass(frozen=True, slots=True)
class Lacking:
    """An image that can't be asked about, since its line lacks something."""

    need: Need


@dataclass(frozen=True, slots=True)
class ItemMaker:
    """Makes the items of a folder, for a scorer with some needs."""

    reader: FolderReader
    needs: frozenset[Need]
    references: Path | None = None
    """The folder in which ``meta.reference`` names files."""
    parents: ParentLines | None = None
    """The jobs of the folder that others are made from; None where no scorer needs their images."""
    _hashes: dict[Path, str] = field(default_factory=dict, repr=False)

    def items_of(self, line: ManifestLine) -> Iterator[Item | Lacking]:
        """Yield an item for each image of a line, without bytes."""
        for index, image in enumerate(line.images):
            yield self.item_of(line, index, image)

    def item_of(self, line: ManifestLine, index: int, image: ImageFile) -> Item | Lacking:
        """Return the item of an image, without bytes."""
        text, questions = texts_of(line.meta.get("text")), _objects(line.meta.get("questions"))
        inputs = self._inputs(line) if Need.INPUT in self.needs else ()
        references = self._references(line) if Need.REFERENCE in self.needs else ()
        found: Mapping[Need, object] = {
            Need.PROMPT: line.prompt,
            Need.TEXT: text,
            Need.QUESTIONS: questions,
            Need.INPUT: inputs,
            Need.REFERENCE: references,
        }
        for need in Need:
            if need in self.needs and not found[need]:
                return Lacking(need)
        return Item(
            job_id=line.job_id,
            image=index,
            file=self.file_of(image),
            prompt_id=line.prompt_id,
            prompt=line.prompt,
            model=line.model,
            axes=line.axes,
            tags=line.tags,
            meta=line.meta,
            text=text,
            questions=questions,
            reference=references,
            input=inputs,
        )

    def file_of(self, image: ImageFile) -> ItemFile:
        """Return the file of an image, without bytes."""
        return ItemFile(
            name=image.path,
            sha256=image.sha256,
            data=NO_BYTES,
            size_bytes=image.size_bytes,
            width=image.width,
            height=image.height,
            path=path_of_image(self.reader.layout.artifacts, image.path),
        )

    def _inputs(self, line: ManifestLine) -> tuple[ItemFile, ...]:
        """Return the images that the folder holds of those in the request, in its order; those of parents too."""
        return tuple(file for text in texts_in(line.request) if (file := self._input(line, text)) is not None)

    def _input(self, line: ManifestLine, text: str) -> ItemFile | None:
        if is_reference(text):
            return _unseen(text, text.removeprefix(PREFIX))
        link = parent_link(text)
        if self.parents is None or link is None or link not in line.parents:
            return None
        image = self.parents.image(link)
        return None if image is None else self.file_of(image)

    def _references(self, line: ManifestLine) -> tuple[ItemFile, ...]:
        if self.references is None:
            return ()
        names = texts_of(line.meta.get("reference"))
        return tuple(_unseen(name, self._hash_of(self.references / name), self.references / name) for name in names)

    def _hash_of(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = hashlib.sha256(_read_reference(path)).hexdigest()
        return self._hashes[path]


def path_of_image(artifacts: ArtifactStore, name: str) -> Path | None:
    """Return the path of an image on this machine; None in a store, or where its name can't be right."""
    if isinstance(artifacts, LocalArtifacts) and path_fault(name) is None:
        return artifacts.tree.root / name
    return None


Loaded: TypeAlias = Item | ScoreError


@dataclass(frozen=True, slots=True)
class ItemLoader:
    """Reads the bytes of items; what is missing or damaged is an error of its item."""

    reader: FolderReader

    def load(self, item: Item) -> Loaded:
        """Return an item with the bytes of its images, each as its hash says.

        Raises:
            StorageError: a store can't be reached; nothing follows from that for the image.
        """
        try:
            other = item.other
            return replace(
                item,
                file=self._image(item.file),
                other=None if other is None else replace(other, file=self._image(other.file)),
                input=tuple(map(self._input, item.input)),
                reference=tuple(map(_reference, item.reference)),
            )
        except UnreadableItem as fault:
            return fault.error

    def _image(self, file: ItemFile) -> ItemFile:
        artifacts = self.reader.layout.artifacts
        fault = path_fault(file.name)
        if fault is not None:
            raise UnreadableItem("image_damaged", f"the path {file.name!r} can't be right: {fault}")
        try:
            with artifacts.open(file.name) as source:
                return _checked(file, source.read(MAX_IMAGE_BYTES))
        except FileNotFoundError:
            raise UnreadableItem("image_missing", f"{file.name} is not there") from None
        except (OSError, UsageError, StorageError) as error:
            if isinstance(error, StorageError) and artifacts.is_remote:
                raise
            raise UnreadableItem("image_damaged", f"{file.name} can't be read: {error}") from None

    def _input(self, file: ItemFile) -> ItemFile:
        if not is_reference(file.name):
            return self._image(file)
        source = self.reader.open_input(file.name)
        if source is None:  # a live run writes it with its manifest
            raise UnreadableItem("input_missing", f"the input image {file.name[:19]}... is not in the folder")
        with source:
            return _checked(file, source.read(MAX_IMAGE_BYTES))


class UnreadableItem(Exception):
    """An image of an item can't be read; the item's error says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        # asked again by a plain next run: reading costs nothing, and the image may be back
        self.error = ScoreError(code, message, retryable=True)


def texts_of(value: Json) -> tuple[str, ...]:
    """Return the texts of a key of ``meta`` that holds one or several; none for any other value."""
    if isinstance(value, str):
        return (value,) if value.strip() else ()
    if isinstance(value, list | tuple):
        texts = tuple(each for each in value if isinstance(each, str) and each.strip())
        return texts if len(texts) == len(value) else ()
    return ()


def prompt_sha256(item: Item, needs: frozenset[Need]) -> str:
    """Return the hash of what a scorer with these needs is given beside the image."""
    given: dict[Need, Json] = {
        Need.PROMPT: item.prompt,
        Need.TEXT: list(item.text),
        Need.QUESTIONS: list(item.questions),
        Need.REFERENCE: [file.sha256 for file in item.reference],
        Need.INPUT: [file.sha256 for file in item.input],
    }
    return _hash_of_json({need.value: value for need, value in given.items() if need in needs})


def _hash_of_json(value: Json) -> str:
    try:
        data = canonical(value)
    except ValueError:  # half of a surrogate pair, or a number past 2^53: it has no canonical JSON
        data = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(data).hexdigest()


def _objects(value: Json) -> tuple[JsonObject, ...]:
    objects = tuple(each for each in value if isinstance(each, Mapping)) if isinstance(value, list | tuple) else ()
    return objects if isinstance(value, list | tuple) and len(objects) == len(value) else ()


def _unseen(name: str, sha256: str, path: Path | None = None) -> ItemFile:
    return ItemFile(name=name, sha256=sha256, data=NO_BYTES, size_bytes=0, width=0, height=0, path=path)


def _checked(file: ItemFile, data: bytes) -> ItemFile:
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise UnreadableItem(
            "image_damaged", f"{file.name}: its SHA-256 is {found[:12]}..., not {file.sha256[:12]}... as on record"
        )
    return replace(file, data=data, size_bytes=len(data))


def _reference(file: ItemFile) -> ItemFile:
    return file if file.path is None else _checked(file, _read_reference(file.path))


def _read_reference(path: Path) -> bytes:
    try:
        with open_regular(path, follows_link=True) as source:
            return source.read(MAX_IMAGE_BYTES)
    except OSError as error:
        raise UsageError(f"the reference image {path} can't be read: {system_reason(error)}") from error
