"""The formats of exports: each is a module here and an entry in ``FORMATS``, and is loaded when it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from qwave_batch.errors import MissingExtra, UnknownName


class Option(StrEnum):
    """Options of an export that some formats have no use for."""

    IMAGE = "image"
    """Changed images: another format, a size, marks."""
    FILES = "files"
    """Links in place of copies."""
    NO_IMAGES = "no_images"
    JSON = "json"
    """A JSON file beside each image."""
    CARD = "card"
    """The author's words."""
    FAILED = "failed"
    """Rows for jobs without an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format."""

    module: str
    """Its module here, which has ``write(export, out)``; ``out`` is an ``OutFolder``, or an ``OutFile``."""
    function: str = "write"
    """The name of that function."""
    is_folder: bool
    """Whether the output is a folder of files."""
    options: frozenset[Option] = frozenset()
    has_edits: bool = False
    """Whether it holds the input images of edits, also those on the web."""
    needs: str = ""
    """A module of the extra ``parquet`` that it can't do without."""
    as_lines: "Format | None" = None
    """The same format as one file of JSON lines, for an output whose name ends in ``.jsonl``."""

    def writer_of(self, name: str) -> Callable[[Any, Any], None]:
        """Return the function that writes the format.

        Raises:
            MissingExtra: it needs what is not installed.
        """
        if self.needs and find_spec(self.needs) is None:
            raise MissingExtra(f"the format {name}", self.needs, "parquet")
        module = import_module(f"{__name__}.{self.module}")
        return cast("Callable[[Any, Any], None]", getattr(module, self.function))


_ARROW = "pyarrow"

FORMATS: Mapping[str, Format] = {
    "parquet": Format(
        module="parquet_file",
        is_folder=False,
        options=frozenset({Option.IMAGE, Option.NO_IMAGES, Option.FAILED}),
        needs=_ARROW,
    ),
    "hf": Format(
        module="hf",
        function="write_hf",
        is_folder=True,
        options=frozenset({Option.IMAGE, Option.FILES, Option.CARD, Option.FAILED}),
        needs=_ARROW,
    ),
    "croissant": Format(
        module="croissant",
        function="write_croissant",
        is_folder=True,
        options=frozenset({Option.IMAGE, Option.FILES, Option.CARD, Option.FAILED}),
        needs=_ARROW,
    ),
    "csv": Format(module="text_tables", function="write_csv", is_folder=False, options=frozenset({Option.FAILED})),
    "jsonl": Format(module="text_tables", function="write_jsonl", is_folder=False, options=frozenset({Option.FAILED})),
    "webdataset": Format(
        module="webdataset",
        function="write_webdataset",
        is_folder=True,
        options=frozenset({Option.IMAGE}),
        needs=_ARROW,
    ),
    "sidecar": Format(
        module="sidecar",
        function="write_sidecar",
        is_folder=True,
        options=frozenset({Option.IMAGE, Option.FILES, Option.JSON}),
    ),
    "pairs": Format(
        module="pairs",
        function="write_pairs",
        is_folder=True,
        options=frozenset({Option.IMAGE, Option.FILES}),
        has_edits=True,
    ),
    "preferences": Format(
        module="preferences",
        function="write_preferences",
        is_folder=True,
        options=frozenset({Option.IMAGE, Option.FILES}),
        needs=_ARROW,
        as_lines=Format(module="preference_lines", function="write_preference_lines", is_folder=False),
    ),
}
"""The formats by the name that users ask for."""


def format_named(name: str, out: Path) -> Format:
    """Return a format, in the form that it has for an output.

    Raises:
        UnknownName: there is none of that name.
    """
    if name not in FORMATS:
        raise UnknownName("format", name, FORMATS, hint=f"there is {', '.join(FORMATS)}")
    form = FORMATS[name]
    return form.as_lines if form.as_lines is not None and out.suffix == ".jsonl" else form
