"""The image files that a plan's requests name: found by the rules for all files, checked, and known by their bytes."""

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from qwave_batch.files.regular_files import system_reason
from qwave_batch.imaging.image_inspection import EXTENSIONS, BadImage, ImageInfo, inspect_file
from qwave_batch.model.input_references import PREFIX
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.spec.inputs.file_access import FileAccess, FileRefused, InputFile
from qwave_batch.spec.inputs.file_patterns import is_pattern
from qwave_batch.spec.inputs.kept_images import KeptImages, canonical_name
from qwave_batch.spec.inputs.text_encoding import FETCH_POINTERS, IS_POINTER, MAX_POINTER_BYTES, is_lfs_pointer

_HELD_VERDICTS = 100_000
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FORMATS = frozenset(EXTENSIONS)
_LONGEST_PATH = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class InputImage:
    """An image that requests name; its bytes alone make it what it is."""

    reference: str
    """``sha256:`` and the hash of its bytes, which stands in requests for it."""
    format: str
    """By its bytes."""
    size_bytes: int
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    path: Path
    """The absolute path of a file that held it when the plan was made."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height


def images_as_json(images: Mapping[str, InputImage], beside: Path | None) -> JsonObject:
    """Return images as the header of a plan holds them, with their paths relative to a folder, else absolute."""
    return {
        reference: {
            "path": str(image.path) if beside is None else os.path.relpath(image.path, beside.resolve()),
            "format": image.format,
            "bytes": image.size_bytes,
            "width": image.width,
            "height": image.height,
        }
        for reference, image in images.items()
    }


def images_from_json(value: Json, beside: Path) -> dict[str, InputImage]:
    """Return the images in the header of a plan in the folder ``beside``.

    Raises:
        ValueError: This program does not write such a value; the text says what is wrong.
    """
    if not isinstance(value, Mapping):
        raise ValueError("expected a mapping of the images that requests name")  # noqa: TRY004 - of a file
    return {reference: _image_from_json(reference, told, beside) for reference, told in value.items()}


def _image_from_json(reference: str, told: Json, beside: Path) -> InputImage:
    match told:
        case {"path": str(path), "format": str(form), "bytes": int(size), "width": int(width), "height": int(height)}:
            is_path = 0 < len(path) <= _LONGEST_PATH and "\0" not in path
            is_named = reference.startswith(PREFIX) and _SHA256.fullmatch(reference.removeprefix(PREFIX)) is not None
            if is_path and is_named and form in _FORMATS and min(size, width, height) > 0:
                return InputImage(
                    reference=reference,
                    format=form,
                    size_bytes=size,
                    width=width,
                    height=height,
                    path=Path(os.path.abspath(beside / path)),  # noqa: PTH100 - as it is written
                )
    raise ValueError(f"{reference[:80]} is not described as this program does it")


@dataclass(slots=True)
class InputImages:
    """The images of one plan. A file is looked at once, so that every pass over the plan gives the same jobs."""

    access: FileAccess
    used: dict[str, InputImage] = field(default_factory=dict)
    """The images of the plan's jobs, by their references."""
    _by_name: dict[str, InputImage] = field(default_factory=dict)
    _refused: dict[str, FileRefused] = field(default_factory=dict)
    _matching: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _kept: KeptImages | None = None

    def find(self, name: str) -> InputImage:
        """Return the image in the file called ``name``.

        Raises:
            FileRefused: It may not be read, or cannot be, or is not a whole image.
        """
        if name in self._refused:
            raise self._refused[name]
        known = self._by_name.get(name)
        if known is None:
            try:
                known = self._by_name[name] = self._read(name)
            except FileRefused as refused:
                self._refused[name] = refused
                raise
        return known

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Return the names of all files that a pattern fits, in the order of their names.

        Raises:
            FileRefused: No file fits, or the folder may not be read.
        """
        found = self._matching.get(pattern)
        if found is None:
            source = self._kept_images() if self.access.is_run_folder else self.access
            found = self._matching[pattern] = source.matching(pattern)
        return found

    def take(self, images: Iterable[InputImage]) -> None:
        """Note that a job uses these images."""
        for image in images:
            self.used[image.reference] = image

    def kept(self, folder: Path, files: Mapping[str, str]) -> KeptImages:
        """Return the names under which a run folder keeps the images that jobs use, given its files by references."""
        names = {
            canonical_name(name): files[image.reference]
            for name, image in self._by_name.items()
            if image.reference in self.used and image.reference in files
        }
        return KeptImages(folder, names, self._matching)

    def _read(self, name: str) -> InputImage:
        file = self._kept_images().find(name) if self.access.is_run_folder else self._found(name)
        info = _inspected(file, name)
        return InputImage(
            reference=PREFIX + info.sha256,
            format=info.format,
            size_bytes=info.size_bytes,
            width=info.width,
            height=info.height,
            path=file.path,
        )

    def _found(self, name: str) -> InputFile:
        try:
            return self.access.find(name)
        except FileRefused as refused:
            if self._fits_files(name):
                raise FileRefused(refused.message, f"write {{from: '{name}'}} for all files that it fits") from None
            raise

    def _fits_files(self, name: str) -> bool:
        with suppress(FileRefused):
            return is_pattern(name) and bool(self.matching(name))
        return False

    def _kept_images(self) -> KeptImages:
        if self._kept is None:
            self._kept = KeptImages.of(self.access.root)
        return self._kept


def _inspected(file: InputFile, name: str) -> ImageInfo:
    try:
        with file.open() as opened:
            status = os.fstat(opened.fileno())
        verdict = _verdict(file, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    except FileRefused as error:
        raise FileRefused(f'"{name}" {error}') from None
    except OSError as error:
        raise FileRefused(f'"{name}" cannot be read: {system_reason(error)}') from error
    if not isinstance(verdict, str):
        return verdict
    if verdict == IS_POINTER:
        raise FileRefused(f'"{name}" {verdict}', FETCH_POINTERS)
    raise FileRefused(f'"{name}" is not a whole image: {verdict}', "export the picture again, or name another file")


@lru_cache(maxsize=_HELD_VERDICTS)
def _verdict(file: InputFile, _as_it_is: tuple[int, ...]) -> ImageInfo | str:
    """Return the verdict on a file, or why it is refused; the second argument is another one once it has changed."""
    with file.open() as opened:
        try:
            return inspect_file(opened)
        except BadImage as bad:
            opened.seek(0)
            return IS_POINTER if is_lfs_pointer(opened.read(MAX_POINTER_BYTES + 1)) else str(bad)
