"""Replaces the image files that a request names by references to their bytes, and asks the model whether it takes them.

A model is asked through its own schema, with a text that begins and is as long as the ``data:`` URI that would be sent.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import getitem

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.image_fields import is_list, longest_text, same_size_fields, takes_text
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.imaging.data_uris import is_data_uri, uri_length, uri_start
from qwave_batch.model.input_references import is_reference, texts_in
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.input_images import InputImage, InputImages
from qwave_batch.spec.inputs.file_access import FileRefused

_ADDRESS = re.compile(r"(?!file:)(?:[A-Za-z][A-Za-z0-9+.-]+:/|www\.)", re.IGNORECASE)
FORMATS = ("png", "jpeg", "webp", "gif")
STAND_IN = {name: f"{uri_start(name)}AAAA" for name in (*FORMATS, "avif", "tiff", "bmp", "jpeg2000")}
"""A short ``data:`` URI of each format, which stands for an image while its request is judged."""
_ELSEWHERE = "https://pictures.example.com/picture.png"
_MODELS_SHOWN = 6


def is_file_name(text: Json) -> bool:
    """Whether a text in a field for images names a file: it is neither an address nor a ``data:`` URI."""
    return (
        isinstance(text, str) and text.strip() != "" and not is_data_uri(text) and _ADDRESS.match(text.lstrip()) is None
    )


@dataclass(slots=True)
class NamedImages:
    """The images that one request names by their files."""

    request: dict[str, Json]
    """The request with references."""
    judged: dict[str, Json]
    """The request as the model's schema is asked about it."""
    written: dict[str, Json]
    """The request with the names of the files."""
    images: list[InputImage] = field(default_factory=list)
    faults: list[tuple[str, tuple[str | int, ...], Json, FileRefused]] = field(default_factory=list)
    """Files that cannot be sent: the field, the path in it, the value, and why."""
    refused: list[Violation] = field(default_factory=list)
    """Files that the model does not take."""

    def as_written(self, found: Violation) -> Violation:
        """Return a violation of ``judged`` in the user's own words, with the names of files and not what stood in."""
        if found.field not in self.written or self.written[found.field] == self.judged[found.field]:
            return found
        message = found.message
        for stand_in, name in zip(texts_in(self.judged[found.field]), texts_in(self.written[found.field]), strict=True):
            message = message.replace(stand_in, name, 1) if stand_in != name else message
        value = found.value
        if found.path:
            value = reduce(getitem, found.path, self.written)  # type: ignore[arg-type]  # the path leads to it
        return replace(found, message=message, value=value)


@dataclass(frozen=True, slots=True)
class RequestImages:
    """Finds the images of the requests of one spec."""

    catalog: Catalog
    images: InputImages

    def of(self, request: Mapping[str, Json], model: Model) -> NamedImages | None:
        """Return the images that a request names by their files; None for one that names no file."""
        names = [name for name in self.catalog.image_fields if name in request and _names_files(request[name])]
        if not names:
            return None
        named = NamedImages(dict(request), dict(request), dict(request))
        for name in sorted(names):
            value = request[name]
            if isinstance(value, Mapping):
                value = named.written[name] = self._of_pattern(name, value, model, named)
            named.request[name] = self._resolved(name, value, named)
            named.judged[name] = self._judged(name, value, model, named)
        named.refused += self._of_other_size(named, model)
        return named

    @staticmethod
    def _of_other_size(named: NamedImages, model: Model) -> Iterator[Violation]:
        """Yield the images that differ in size from the image that the model compares them with, if both are files."""
        by_reference = {image.reference: image for image in named.images}
        for name, other in same_size_fields(model):
            image = by_reference.get(next(texts_in(named.request.get(name)), ""))
            first = by_reference.get(next(texts_in(named.request.get(other)), ""))
            if image is not None and first is not None and image.size != first.size:
                yield Violation(
                    kind="rule", field=name, path=(name,), message=other_size(name, image.size, other, first.size)
                )

    def _of_pattern(self, name: str, value: Mapping[str, Json], model: Model, named: NamedImages) -> Json:
        """Return the names of the files that ``{from: PATTERN}`` stands for."""
        pattern = str(value["from"])
        try:
            found = self.images.matching(pattern)
        except FileRefused as refused:
            named.faults.append((name, ("from",), pattern, refused))
            return []
        if is_list(model, name) or name not in model.fields:
            return list(found)
        if len(found) > 1:
            many = FileRefused(f'"{pattern}" fits {len(found):,} files, and {name} takes one image', "name one file")
            named.faults.append((name, ("from",), pattern, many))
        return found[0]

    def _resolved(self, name: str, value: Json, named: NamedImages, path: tuple[str | int, ...] = ()) -> Json:
        if isinstance(value, list | tuple):
            return [self._resolved(name, item, named, (*path, number)) for number, item in enumerate(value)]
        if not is_file_name(value):
            return value
        try:
            image = self.images.find(str(value))
        except FileRefused as refused:
            named.faults.append((name, path, value, refused))
            return value
        named.images.append(image)
        return image.reference

    def _judged(
        self, name: str, value: Json, model: Model, named: NamedImages, path: tuple[str | int, ...] = ()
    ) -> Json:
        if isinstance(value, list | tuple):
            return [self._judged(name, item, model, named, (*path, number)) for number, item in enumerate(value)]
        if not is_file_name(value) or any(fault[0] == name for fault in named.faults):
            return value
        image = self.images.find(str(value))
        if name not in model.fields:
            return STAND_IN[image.format]
        refusal = self._refusal(str(value), image, name, model)
        if refusal is None:
            return STAND_IN[image.format]
        message, suggestion = refusal
        named.refused.append(
            Violation(
                kind="bad_value", field=name, path=(name, *path), value=value, message=message, suggestion=suggestion
            )
        )
        return _ELSEWHERE  # so that the rest of the request is judged by itself

    def _refusal(self, name: str, image: InputImage, field_name: str, model: Model) -> tuple[str, str] | None:
        """Return why a model does not take an image in a field, and what to do; None where it does."""
        start, length = uri_start(image.format), uri_length(image.format, image.size_bytes)
        longest = longest_text(model, field_name)
        is_short = longest is None or length <= longest
        if is_short and takes_text(model, field_name, STAND_IN[image.format]):
            return None
        formats = [each for each in FORMATS if takes_text(model, field_name, STAND_IN[each])]
        if not formats:
            return (
                f'"{name}" is a file, and {model.name} takes only addresses in {field_name}',
                f"put the picture where the API can fetch it and write its https address{self._others(field_name)}",
            )
        if image.format not in formats:
            listed = ", ".join(each.upper() for each in formats)
            return (
                f'"{name}" holds {image.format.upper()}, and {model.name} takes {listed} in {field_name}',
                f"convert it to {formats[0].upper()}",
            )
        most = 0 if longest is None else (longest - len(start)) // 4 * 3
        return (
            f'"{name}" has {image.size_bytes:,} bytes, and {model.name} takes at most {most:,} in {field_name}',
            "make the picture smaller, or put it where the API can fetch it and write its https address",
        )

    def _others(self, field_name: str) -> str:
        """Return the models that take files in a field, as the end of a sentence."""
        models = self.catalog.models.values()
        takers = [model.name for model in models if takes_text(model, field_name, STAND_IN["png"])]
        if not takers:
            return ""
        more = f" and {len(takers) - _MODELS_SHOWN} more" if len(takers) > _MODELS_SHOWN else ""
        return f", or take a model that files can be sent to: {', '.join(takers[:_MODELS_SHOWN])}{more}"


def other_size(name: str, size: tuple[int, int], other: str, first: tuple[int, int]) -> str:
    """Return the message about an image that differs in size from the first of another field."""
    return (
        f"{name} has {size[0]} x {size[1]} pixels, and the first of {other} {first[0]} x {first[1]}: they must be equal"
    )


def for_judging(
    request: Mapping[str, Json], image_fields: Collection[str], images: Mapping[str, InputImage]
) -> dict[str, Json]:
    """Return a request with references as its model's schema is asked about it."""

    def shown(value: Json) -> Json:
        if isinstance(value, list | tuple):
            return [shown(item) for item in value]
        known = images.get(value) if isinstance(value, str) and is_reference(value) else None
        return value if known is None else STAND_IN[known.format]

    return {name: shown(value) if name in image_fields else value for name, value in request.items()}


def _names_files(value: Json) -> bool:
    if isinstance(value, Mapping):
        return isinstance(value.get("from"), str) and len(value) == 1
    if isinstance(value, list | tuple):
        return any(map(is_file_name, value))
    return is_file_name(value)
