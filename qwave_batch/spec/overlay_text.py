"""The overlay that a spec names, as text with its places: the file itself, and the schema files that it names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from qwave_batch.errors import SpecError
from qwave_batch.files.regular_files import system_reason
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.inputs.file_access import FileAccess, FileRefused, InputFile, beside
from qwave_batch.spec.inputs.text_encoding import decode_yaml
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import Mark, SourceMap
from qwave_batch.spec.yaml.yaml_reader import read_yaml

_PATH: ValuePath = ("catalog", "overlay")
MOST_CATALOG_BYTES = 2_000_000
"""Of an overlay, a catalog.yaml or a schema file: each value is checked by a schema, which takes time."""
TOO_LARGE_HINT = "an overlay has the models that differ, and no more"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayText:
    """An overlay whose files were read; nothing in it was checked."""

    name: str
    """Its file, as the spec names it."""
    layer: Layer
    """Its content, with the schemas of the files that it names in place, and where each value stands."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """The resolved paths of all its files, by their names relative to the spec's folder."""


def read_overlay_of(
    spec: Mapping[str, Json], source_map: SourceMap, inputs: FileAccess, shown_as: str
) -> tuple[OverlayText | None, list[Problem]]:
    """Return the overlay that a spec names and the problems of its files; None without one that can be read.

    ``shown_as`` is the name of the spec's own file in messages.
    """
    catalog = spec.get("catalog")
    name = catalog.get("overlay") if isinstance(catalog, Mapping) else None
    if not isinstance(name, str) or not name.strip():
        return None, []
    files: dict[str, Path] = {}
    try:
        file = inputs.find(name)
        shown = inputs.shown(file, shown_as, name)
        layer = _layer(file, shown)
        files[str(PurePosixPath(name))] = file.path
        layer = _with_schemas(layer, _SchemaFiles(inputs, name, file.path.parent, shown, files))
    except FileRefused as error:
        return None, [_refused(error, name, source_map.path_text(_PATH), source_map, _PATH)]
    except SpecError as error:
        return None, list(error.problems)
    return OverlayText(name=name, layer=layer, files=files), []


@dataclass(frozen=True, slots=True)
class _SchemaFiles:
    """The place in which the schema files of an overlay are looked for."""

    inputs: FileAccess
    overlay: str
    """The overlay's file, as the spec names it."""
    folder: Path
    shown_as: str
    found: dict[str, Path]

    def layer(self, name: str) -> Layer:
        known_as = str(PurePosixPath(self.overlay).parent / name)
        file = self.inputs.find(name, base=self.folder, known_as=known_as)
        self.found[known_as] = file.path
        return _layer(file, beside(self.shown_as, name))


def _with_schemas(layer: Layer, schema_files: _SchemaFiles) -> Layer:
    """Return an overlay with the schema files that its models name in the place of their names."""
    models = layer.value.get("models") if isinstance(layer.value, Mapping) else None
    if not isinstance(layer.value, Mapping) or not isinstance(models, Mapping):
        return layer
    named = {
        model: str(entry["schema"])
        for model, entry in models.items()
        if isinstance(entry, Mapping) and isinstance(entry.get("schema"), str) and str(entry["schema"]).strip()
    }
    for model, name in named.items():
        path: ValuePath = ("models", model, "schema")
        try:
            layer = _placed(layer, path, schema_files.layer(name))
        except FileRefused as error:
            source_map = SourceMap(layer.mark)
            raise SpecError([_refused(error, name, source_map.path_text(path), source_map, path)]) from None
    return layer


def _placed(layer: Layer, path: ValuePath, new: Layer) -> Layer:
    if not path:
        return new
    step, *rest = path
    value: dict[str, Json] = dict(layer.value) if isinstance(layer.value, Mapping) else {}
    put = _placed(Layer(value[str(step)], layer.mark.below[step]), tuple(rest), new)
    value[str(step)] = put.value
    below: dict[str | int, Mark] = {**layer.mark.below, step: put.mark}
    return Layer(value, replace(layer.mark, below=below))


def _layer(file: InputFile, shown_as: str) -> Layer:
    try:
        with file.open() as opened:
            data = opened.read(MOST_CATALOG_BYTES + 1)
    except FileRefused as error:
        raise FileRefused(f"{shown_as} {error}") from None
    except OSError as error:
        raise FileRefused(f'"{shown_as}" cannot be read: {system_reason(error)}') from None
    return read_yaml_or_json(data, shown_as, TOO_LARGE_HINT)


def read_yaml_or_json(data: bytes, shown_as: str, too_large_hint: str) -> Layer:
    """Return the content of a file that is YAML or JSON, with its places.

    Raises:
        SpecError: It cannot be read.
    """
    if len(data) > MOST_CATALOG_BYTES:
        message = f"the file is too large; at most {MOST_CATALOG_BYTES:,} bytes are read"
        raise SpecError([Problem(message=message, place=SourcePlace(shown_as), suggestion=too_large_hint)])
    text = decode_yaml(data, shown_as, of="file", suggestion=too_large_hint)
    if text.lstrip()[:1] in {"{", "["}:  # JSON may be indented with tabs; inside of its strings there is none
        text = text.replace("\t", " ")
    reading = read_yaml(text, shown_as)
    if reading.problems:
        raise SpecError(reading.problems)
    return Layer(reading.value, reading.mark)


def _refused(error: FileRefused, name: str, where: str, source_map: SourceMap, path: ValuePath) -> Problem:
    return Problem(
        message=error.message,
        path=where,
        place=source_map.place(path),
        value=name,
        suggestion=error.suggestion,
        next_step=next(iter(error.next_steps), None),
    )
