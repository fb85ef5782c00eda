"""Reads an overlay: checks its form and what it says of the models of its catalog, and lays it over the catalog."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_files import overlaid_catalog
from qwave_batch.catalog.overlay import Overlay, lay_over, overlaid_schema, own_spelling
from qwave_batch.catalog_reading.entry_check import entry_problems, own_schema_problem, unknown_value
from qwave_batch.catalog_reading.metaschema import form_problems, plain_copy, problem_at
from qwave_batch.catalog_reading.request_schema_check import schema_problems
from qwave_batch.errors import SpecError, nearest
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.problem import Problem, SourcePlace, first_problems
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.values.value_path import ValuePath, steps_of
from qwave_batch.spec.yaml.source_map import Mark, SourceMap


def overlaid_by(catalog: Catalog, layer: Layer, name: str) -> Catalog:
    """Return a catalog with an overlay laid over it.

    Args:
        catalog: The catalog.
        layer: The content of the overlay, with its places.
        name: Its file, as the spec names it.

    Raises:
        SpecError: The overlay has problems; all are listed.
    """
    problems = form_problems(layer, "overlay")
    if (sound := _sound_part(layer, problems)) is not None:
        problems += first_problems(_against_catalog(catalog, sound, name))
    if problems:
        raise SpecError(sorted(problems, key=lambda problem: problem.place or SourcePlace("")))
    return overlaid_catalog(catalog, _overlay(layer, name))


def _sound_part(layer: Layer, problems: Sequence[Problem]) -> Layer | None:
    """Return an overlay without the models whose form is wrong; None where it is wrong elsewhere too."""
    if not problems:
        return layer
    models = layer.value.get("models") if isinstance(layer.value, Mapping) else None
    wrong = [steps_of(problem.path)[:2] for problem in problems]
    if not isinstance(models, Mapping) or any(len(path) < 2 or path[0] != "models" for path in wrong):  # noqa: PLR2004
        return None
    faulty = {name for _, name in wrong}
    sound = {name: changed for name, changed in models.items() if name not in faulty}
    return Layer({**cast("JsonObject", layer.value), "models": sound}, layer.mark)


def overlaid_again(catalog: Catalog, content: Json, name: str, kept_in: SourcePlace) -> Catalog:
    """Return a catalog with an overlay that a file of ours keeps; raises as ``overlaid_by``."""
    return overlaid_by(catalog, Layer(content, Mark(place=kept_in)), name)


def _overlay(layer: Layer, name: str) -> Overlay:
    return Overlay(name=name, content=cast("JsonObject", plain_copy(layer.value)))


def _against_catalog(catalog: Catalog, layer: Layer, name: str) -> Iterator[Problem]:
    source_map, overlay = SourceMap(layer.mark), _overlay(layer, name)
    wanted = overlay.content.get("catalog")
    if wanted not in {None, catalog.date}:
        message = f"the overlay was written for catalog {wanted}, and is laid over {catalog.date}"
        yield problem_at(source_map, ("catalog",), message, "name that catalog in the spec, or remove the key")
        return
    for model, changed in overlay.models.items():
        yield from _model_problems(catalog, overlay, model, changed, layer)


def _model_problems(
    catalog: Catalog, overlay: Overlay, name: str, changed: Mapping[str, Any], layer: Layer
) -> Iterator[Problem]:
    source_map = SourceMap(layer.mark)
    path: ValuePath = ("models", name)
    found = list(_origin_problems(catalog, name, changed, layer))
    yield from found
    if found:
        return
    found = list(_fields_problems(changed, (*path, "fields"), layer))
    yield from found
    if found:
        return
    schema = overlaid_schema(catalog.data, name, {**changed, "down": None}, overlay)
    problem = own_schema_problem(schema, name)
    if problem:
        yield problem_at(source_map, path, problem)
        return
    fields: Mapping[str, JsonObject] = schema["properties"]
    yield from _down_problems(changed, fields, (*path, "down"), source_map)
    entry = lay_over(catalog.data, Overlay(name=overlay.name, content={"models": {name: dict(changed)}})).models[name]
    if "returns" not in entry:
        yield problem_at(source_map, path, 'the key "returns" is missing: the format of its images', "add returns: png")
    yield from entry_problems(entry, fields, path, source_map, inherited=entry.keys() - changed.keys())


def _origin_problems(catalog: Catalog, name: str, changed: Mapping[str, Any], layer: Layer) -> Iterator[Problem]:
    """Yield why a model of an overlay is neither one of the catalog nor a new one."""
    source_map = SourceMap(layer.mark)
    path: ValuePath = ("models", name)
    is_new = "like" in changed or "schema" in changed
    hint: str | None
    if "like" in changed and "schema" in changed:
        yield problem_at(source_map, (*path, "schema"), "like and schema cannot be used together; choose one")
    elif is_new and name in catalog.models:
        key = "like" if "like" in changed else "schema"
        hint = f"remove {key} to change it, or choose another name"
        yield problem_at(source_map, (*path, key), f"{name} is in catalog {catalog.date} already", hint)
    elif not is_new and name not in catalog.models:
        guess = nearest(name, catalog.models)
        hint = f'did you mean "{guess}"?' if guess else "add like: MODEL or schema: FILE for a new model"
        message = f'catalog {catalog.date} has no model "{name}"'
        yield problem_at(source_map, path, message, hint, value=name)
    elif "like" in changed and changed["like"] not in catalog.models:
        guess = nearest(str(changed["like"]), catalog.models)
        hint = f'did you mean "{guess}"?' if guess else None
        message = f'catalog {catalog.date} has no model "{changed["like"]}"'
        yield problem_at(source_map, (*path, "like"), message, hint, value=changed["like"])
    elif "schema" in changed:
        yield from _schema_problems(changed["schema"], (*path, "schema"), layer)


def _schema_problems(schema: Json, path: ValuePath, layer: Layer) -> Iterator[Problem]:
    source_map = SourceMap(layer.mark)
    if not isinstance(schema, Mapping):
        yield problem_at(source_map, path, "expected a JSON Schema", "name a file, or write the schema itself")
        return
    if "$ref" in schema or "$defs" in schema:
        yield problem_at(source_map, path, "the schema of one model has every part in its place, without $ref")
        return
    if not isinstance(schema.get("properties"), Mapping):
        yield problem_at(source_map, path, 'the key "properties" is missing', "it has the request's fields by name")
        return
    yield from schema_problems(layer, path)


def _fields_problems(changed: Mapping[str, Any], path: ValuePath, layer: Layer) -> Iterator[Problem]:
    for name, said in changed.get("fields", {}).items():
        if isinstance(said, Mapping):
            yield from schema_problems(layer, (*path, name))
    if "model" in changed.get("fields", {}):
        yield problem_at(SourceMap(layer.mark), (*path, "model"), "the field model takes the model's id, and no more")


def _down_problems(
    changed: Mapping[str, Any], fields: Mapping[str, JsonObject], path: ValuePath, source_map: SourceMap
) -> Iterator[Problem]:
    down = changed.get("down")
    if down is False:
        yield problem_at(source_map, path, "down is true, or has values by field", "remove the key")
    for name, values in down.items() if isinstance(down, Mapping) else ():
        if name not in fields:
            guess = nearest(name, fields)
            hint = f'did you mean "{guess}"?' if guess else None
            yield problem_at(source_map, (*path, name), f'the model has no field "{name}"', hint, value=name)
            continue
        for number, value in enumerate(values):
            meant = own_spelling(fields[name], value)
            yield from unknown_value(name, meant, fields, (*path, name, number), source_map)
