"""A public benchmark as data: its files, columns, ids and images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qwave_batch.errors import UnknownName
from qwave_batch.model.jsontypes import Json
from qwave_batch.resources import shipped

_FOLDER = "bench/benchmarks"
PART = "part"
"""A name in ids, sets and entries: the part of the benchmark that a prompt is of."""


class FileForm(StrEnum):
    """How a prompt file holds its rows."""

    TABLE = "table"
    """As tables of specs do."""
    TEXTS = "texts"
    """Each file is a row: ``text`` is its content, ``stem`` its name without extension."""
    STRINGS = "strings"
    """A JSON list of strings, each a row with one cell, ``text``."""
    KEYED = "keyed"
    """A JSON object of objects; ``key`` is the key of each."""


class Squares(StrEnum):
    """The shape that images should have."""

    NEEDED = "needed"
    """Its scorer would misread others."""
    WANTED = "wanted"
    """Square images are what others have measured."""
    NONE = "none"
    """The shape of the input image decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkPart:
    """A part of a benchmark that has files, or rows, of its own."""

    name: str
    """Empty for the only part."""
    files: tuple[str, ...]
    """Their places in the repository, as patterns; any of them."""
    rows: tuple[int, ...] = ()
    """How many prompts the official files have; several numbers for several editions."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    apart: str = ""
    """Parts with different words here are never in one spec: their scorers read one at a time."""
    has_many_files: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSource:
    """The place of the questions about an image: a column of its row, or a table of their own."""

    pairs: str = ""
    """A column with a list of question and answer."""
    files: tuple[str, ...] = ()
    of: str = ""
    """The column of the questions' table that names the prompt."""
    key: str = ""
    """The column of the prompts that it names."""
    id: str = ""
    """The column with a question's id; without one, they are numbered from 0."""
    question: str = ""
    answer: str = ""
    answer_is: str = ""
    """The answer to all questions, if there is no column."""
    choices: str = ""
    dependency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """The place of the input image of an edit."""

    column: str
    """A column with a path, several paths, or the image itself."""
    folders: tuple[str, ...] = ()
    """Folders that the path may start from, beside the file's own and those that were given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A public benchmark."""

    name: str
    title: str
    about: str
    """The end of a sentence: what its prompts ask for."""
    license: str | None
    """None where it was not looked up: the repository says it."""
    repository: str
    found: str
    """The place of the files where that is not the repository; empty where it is."""
    images: int
    """How many images of each prompt its scorer reads."""
    action: str | None
    """None for images made from text alone, which is every model's default."""
    squares: Squares
    scorer: str
    """The files that its scorer reads."""
    is_verified: bool
    """Whether names of files and columns were seen in the official code."""
    form: FileForm
    parts: tuple[BenchmarkPart, ...]
    columns: Mapping[str, tuple[str, ...]]
    """By our name: the official names that a column may have."""
    id: str
    """The template of a prompt's id."""
    set: str | None
    """The template of the set that numbers restart in."""
    set_names: Mapping[str, str]
    """By a set's official name: the one that its scorer has for it."""
    entry: Mapping[str, str] | None
    """The fields that the layout needs, each with our column; None for the whole row."""
    left_out: tuple[str, ...]
    """Official columns that the whole row is without."""
    tags: tuple[str, ...]
    text: str | None
    """The column with what is to be written in the image."""
    questions: QuestionSource | None
    image: ImageSource | None
    sort_by: str | None
    part_column: str | None
    """The column that says of which part a row is, where parts share their files."""

    def columns_of(self, part: BenchmarkPart) -> dict[str, tuple[str, ...]]:
        """Return the columns of a part, the prompt's first."""
        return {"prompt": (), **self.columns, **part.columns}

    def as_json(self) -> dict[str, Json]:
        """Return what a list of benchmarks says of it."""
        return {
            "name": self.name,
            "title": self.title,
            "about": self.about,
            "license": self.license,
            "repository": self.repository,
            "found": self.found or None,
            "images": self.images,
            "action": self.action or "generate",
            "squares": self.squares.value,
            "scorer": self.scorer,
            "verified": self.is_verified,
            "parts": [
                {
                    "name": part.name or None,
                    "files": list(part.files),
                    "prompts": list(part.rows),
                    "columns": {name: list(official) for name, official in self.columns_of(part).items()},
                }
                for part in self.parts
            ],
        }


def benchmark_names() -> tuple[str, ...]:
    """Return the names of all benchmarks."""
    return tuple(sorted(file.stem for file in shipped(_FOLDER).glob("*.yaml")))


@cache
def find_benchmark(name: str) -> Benchmark:
    """Return the benchmark of a name.

    Raises:
        UnknownName: There is none.
    """
    names = benchmark_names()
    if name not in names:
        raise UnknownName("benchmark", name, names, hint=f"there is {', '.join(names)}")
    return _read(name, shipped(_FOLDER) / f"{name}.yaml")


def _read(name: str, file: Path) -> Benchmark:
    data: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return Benchmark(
        name=name,
        title=data["title"],
        about=data["about"],
        license=data.get("license"),
        repository=data["repository"],
        found=data.get("found", ""),
        images=data["images"],
        action=data.get("action"),
        squares=Squares(data["squares"]),
        scorer=data["scorer"],
        is_verified=data.get("verified", True),
        form=FileForm(data["form"]),
        parts=tuple(map(_part, data["parts"])),
        columns=_columns(data["columns"]),
        id=data["id"],
        set=data.get("set"),
        set_names=data.get("set_names", {}),
        entry=_entry(data["entry"]),
        left_out=tuple(data.get("left_out", ())),
        tags=tuple(data.get("tags", ())),
        text=data.get("text"),
        questions=_questions(data["questions"]) if "questions" in data else None,
        image=_image(data["image"]) if "image" in data else None,
        sort_by=data.get("sort_by"),
        part_column=data.get("part_column"),
    )


def _part(data: Mapping[str, Any]) -> BenchmarkPart:
    return BenchmarkPart(
        name=data.get("name", ""),
        files=tuple(data["files"]),
        rows=tuple(data.get("rows", ())),
        columns=_columns(data.get("columns", {})),
        tags=tuple(data.get("tags", ())),
        apart=data.get("apart", ""),
        has_many_files=data.get("many", False),
    )


def _columns(data: Mapping[str, str | Sequence[str]]) -> dict[str, tuple[str, ...]]:
    return {name: (official,) if isinstance(official, str) else tuple(official) for name, official in data.items()}


def _entry(data: Json) -> dict[str, str] | None:
    match data:
        case {**fields}:
            return {str(name): str(column) for name, column in fields.items()}
        case [*names]:
            return {str(name): str(name) for name in names}
        case _:
            return None


def _questions(data: Mapping[str, Any]) -> QuestionSource:
    return QuestionSource(**{**data, "files": tuple(data.get("files", ()))})


def _image(data: Mapping[str, Any]) -> ImageSource:
    return ImageSource(column=data["column"], folders=tuple(data.get("folders", ())))
