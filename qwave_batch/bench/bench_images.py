"""The input images of edits: files that a row names, or the bytes that it holds."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from qwave_batch.bench.bench_prompts import BenchPrompt
from qwave_batch.bench.benchmark import Benchmark, FileForm, ImageSource
from qwave_batch.bench.given_files import GivenFiles
from qwave_batch.bench.prompt_rows import read_rows
from qwave_batch.errors import SpecError
from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular, system_reason
from qwave_batch.imaging.formats.signatures import foreign_kind, format_of
from qwave_batch.imaging.image_inspection import EXTENSIONS, BadImage, inspect_bytes
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem

_MOST_BYTES = 100_000_000
_MOST_PROBLEMS = 20
_NAME_DIGITS = 16


@dataclass(frozen=True, slots=True)
class BenchImage:
    """An input image."""

    name: str
    """The name of its file, which equal images share."""
    content: bytes


class ImageFault(Exception):
    """Why an input image cannot be used; continues the name of its row."""


def read_images(
    benchmark: Benchmark,
    prompts: Sequence[BenchPrompt],
    given: GivenFiles,
    *,
    renamed: Mapping[str, str],
    known: set[str],
) -> Iterator[tuple[BenchPrompt, tuple[BenchImage, ...]]]:
    """Yield each prompt with its input images, one after the other; only those of one prompt are in memory.

    Args:
        benchmark: The benchmark.
        prompts: Its prompts.
        given: The files that the user has.
        renamed: By our name of a column: the name that the user's files have for it.
        known: Names of images that are whole; those of others are added once they are decoded.

    Raises:
        SpecError: Some images are not there, or are not images; all of them are listed, up to a limit.
    """
    if benchmark.image is None:
        return
    problems: list[Problem] = []
    for prompt, cell in _cells(benchmark.image, prompts, benchmark, renamed):
        try:
            contents = _contents_of(cell, prompt, benchmark.image, given)
            yield prompt, tuple(_whole(content, known) for content in contents)
        except ImageFault as fault:
            problems.append(Problem(message=f"row {prompt.row.number}: {fault}", place=prompt.row.place))
            if len(problems) >= _MOST_PROBLEMS:
                break
    if problems:
        raise SpecError(problems)


def _cells(
    source: ImageSource, prompts: Sequence[BenchPrompt], benchmark: Benchmark, renamed: Mapping[str, str]
) -> Iterator[tuple[BenchPrompt, Json]]:
    """Yield the prompts with the cells that hold or name their images; cells with images are read again, in order."""
    inside = {(prompt.row.file, prompt.row.number): prompt for prompt in prompts if prompt.image is None}
    yield from ((prompt, prompt.image) for prompt in prompts if prompt.image is not None)
    official = (renamed[source.column],) if source.column in renamed else benchmark.columns[source.column]
    for file in dict.fromkeys(file for file, _ in inside):
        for row in read_rows(FileForm.TABLE, [file], frozenset(official)):
            prompt = inside.get((file, row.number))
            if prompt is not None:
                yield prompt, next((row.cells[name] for name in official if name in row.cells), None)


def _contents_of(cell: Json, prompt: BenchPrompt, source: ImageSource, given: GivenFiles) -> list[bytes]:
    match cell:
        case {"bytes": str(content)}:
            return [_decoded(content)]
        case str(name):
            return [_content(name, prompt.row.file, source, given)]
        case [_, *_] if all(isinstance(name, str) for name in cell):
            return [_content(str(name), prompt.row.file, source, given) for name in cell]
        case _:
            raise ImageFault("its input image is neither the name of a file nor an image")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ImageFault("its input image is not in base64") from None


def _content(name: str, file: Path, source: ImageSource, given: GivenFiles) -> bytes:
    parts = PurePosixPath(name).parts
    if not parts or parts[0] == "/" or ".." in parts or "\0" in name:
        raise ImageFault(f'its input image "{name}" is not a name below the benchmark\'s own folders')
    found = given.beside(name, file, source.folders)
    if found is None:
        where = f", nor in {' or '.join(source.folders)}" if source.folders else ""
        raise ImageFault(f"its input image {name} is not there, neither beside the file{where}")
    try:
        with open_regular(found, follows_link=True) as opened:
            return read_regular(opened, shown_as=str(found), most_bytes=_MOST_BYTES)
    except NotRegular as error:
        raise ImageFault(f"its input image {error}") from error
    except OSError as error:
        raise ImageFault(f"its input image {found} cannot be read: {system_reason(error)}") from error


def _whole(content: bytes, known: set[str]) -> BenchImage:
    found = format_of(content)
    if found is None:
        raise ImageFault(f"its input image is not an image that a model takes: {foreign_kind(content)}")
    name = f"{sha256(content).hexdigest()[:_NAME_DIGITS]}{EXTENSIONS[found]}"
    if name not in known:
        try:
            inspect_bytes(content)
        except BadImage as bad:
            raise ImageFault(f"its input image is not a whole image: {bad}") from bad
        known.add(name)
    return BenchImage(name, content)
