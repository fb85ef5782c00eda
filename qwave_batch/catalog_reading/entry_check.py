"""Checks the entries of models against the fields that their schemas have: prices, images and surcharges by fields."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from qwave_batch.catalog.model_schema import model_schema
from qwave_batch.catalog.price import Price
from qwave_batch.catalog.request_fields import choices_of, type_of
from qwave_batch.catalog_reading.metaschema import problem_at
from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.problem import Problem
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceMap

_OF_FIELDS = frozenset({"by", "from", "has", "less", "of", "when"})
"""The keys that name fields."""
_ENTRY_DEPTH = 2
"""How deep the entry of a model stands: ``models``, and its name."""
_PRICES = ("usd_per_image", "usd_per_call", "usd_per_reference", "usd_per_million_tokens")


def model_schema_problem(vendor_schema: Mapping[str, Any], name: str) -> str | None:
    """Return why a vendor's file has no schema of a model; None where it has one."""
    try:
        schema = model_schema(vendor_schema, name)
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "its parts are nested too deeply"
    return own_schema_problem(schema, name)


def own_schema_problem(schema: Mapping[str, Any], name: str) -> str | None:
    """Return why a complete schema is not one of requests to a model; None where it is."""
    fields = schema.get("properties")
    if not isinstance(fields, Mapping) or not all(isinstance(field, Mapping) for field in fields.values()):
        return f"the schema of {name} has no properties, by which a request's fields are known"
    if schema.get("type") != "object":
        return f"the schema of {name} lacks type: object, which a request is"
    if "model" not in fields:
        return f'the schema of {name} has no field "model", which every request has'
    if name not in choices_of(fields["model"]):
        return f'the field "model" of {name} does not take that name'
    if not all(isinstance(action, str) for action in choices_of(fields.get("action", {})) or (None,)):
        return f'the schema of {name} has no field "action" with an enum of names, the default first'
    return None


def entry_problems(
    entry: Mapping[str, Any],
    fields: Mapping[str, JsonObject],
    path: ValuePath,
    source_map: SourceMap,
    *,
    inherited: Collection[str] = (),
) -> Iterator[Problem]:
    """Yield what an entry says by fields or values that its model does not have.

    Args:
        entry: The entry.
        fields: The fields of the model.
        path: The place of the entry.
        source_map: The places of the file.
        inherited: Keys that the file does not state itself: they may name values that the model takes no more.
    """
    found = [
        problem
        for key, said in entry.items()
        for problem in _field_problems({key: said}, fields, path, source_map, checks_values=key not in inherited)
    ]
    found += _chain_problems(entry.get("chain", {}), fields, (*path, "chain"), source_map)
    yield from found
    if "usd_per_million_tokens" in entry and "tokens" not in entry:
        message = "a price by tokens needs tokens: how many of each kind a request takes"
        yield problem_at(source_map, (*path, "usd_per_million_tokens"), message)
    elif not any(key in entry for key in _PRICES):
        yield problem_at(source_map, path, "there is no price", f"add {', or '.join(_PRICES)}")
    elif not found:
        try:
            Price.from_json(entry, fields)
        except ValueError as error:
            yield problem_at(source_map, path, str(error))


def _chain_problems(
    chain: Mapping[str, Any], fields: Mapping[str, JsonObject], path: ValuePath, source_map: SourceMap
) -> Iterator[Problem]:
    """Yield what the rules for earlier tasks say by fields, actions or versions that the model does not have."""
    for key in ("task", "image", "version"):
        if key in chain:
            yield from _unknown_field(chain[key], fields, (*path, key), source_map)
    for key, field in (("sources", "action"), ("versions", chain.get("version", ""))):
        for action, values in chain.get(key, {}).items():
            here: ValuePath = (*path, key, action)
            yield from unknown_value("action", action, fields, here, source_map)
            for number, value in enumerate(values):
                yield from unknown_value(field, value, fields, (*here, number), source_map)


def _field_problems(
    said: Json, fields: Mapping[str, JsonObject], path: ValuePath, source_map: SourceMap, *, checks_values: bool
) -> Iterator[Problem]:
    """Walk through an entry, and look at every key that names fields."""
    if isinstance(said, list | tuple):
        for number, item in enumerate(said):
            yield from _field_problems(item, fields, (*path, number), source_map, checks_values=checks_values)
    if not isinstance(said, Mapping):
        return
    for key, value in said.items():
        here = (*path, key)
        for at, name in _named_fields(key, value, here):
            yield from _unknown_field(name, fields, at, source_map)
        if key == "by":
            yield from _unfit_for_tables(value, fields, here, source_map)
        if checks_values:
            yield from _value_problems(said, key, fields, path, source_map)
        if key == "tokens" and isinstance(value, Mapping) and len(path) == _ENTRY_DEPTH:
            yield from _token_problems(value, fields, here, source_map)
        elif key not in _OF_FIELDS:
            yield from _field_problems(value, fields, here, source_map, checks_values=checks_values)


def _value_problems(
    said: Mapping[str, Json], key: str, fields: Mapping[str, JsonObject], path: ValuePath, source_map: SourceMap
) -> Iterator[Problem]:
    """Yield the values in a table, or in the conditions of a rule, that their fields do not take."""
    match key, said[key]:
        case "by", by:
            names = [name for _, name in _named_fields(key, by, (*path, key))]
            yield from _unknown_values(said.get("values"), names, fields, (*path, "values"), source_map)
        case "when", Mapping() as wanted:
            for name, value in wanted.items():
                yield from unknown_value(name, value, fields, (*path, key, name), source_map)


def _token_problems(
    rules: Mapping[str, Json], fields: Mapping[str, JsonObject], path: ValuePath, source_map: SourceMap
) -> Iterator[Problem]:
    """Yield each rule for tokens that counts by nothing that the model has.

    Models share rules, so one of the fields is enough, and a table may hold values that the model does not take.
    """
    for kind, given in rules.items():
        listed = isinstance(given, list)
        for number, rule in enumerate(given if isinstance(given, list) else [given]):
            at = (*path, kind, number) if listed else (*path, kind)
            if not isinstance(rule, Mapping):
                continue
            of = list(_named_fields("of", rule.get("of"), (*at, "of")))
            if of and not any(name.split(".")[0] in fields for _, name in of):
                yield from _unknown_field(of[0][1], fields, of[0][0], source_map)
            table = rule.get("tokens")
            if isinstance(table, Mapping):
                here: ValuePath = (*at, "tokens", "by")
                for place, name in _named_fields("by", table.get("by"), here):
                    yield from _unknown_field(name, fields, place, source_map)
                yield from _unfit_for_tables(table.get("by"), fields, here, source_map)


def _named_fields(key: str, value: Json, here: ValuePath) -> Iterator[tuple[ValuePath, str]]:
    """Yield each field that a key names, with its path."""
    match value:
        case str() if key in {"by", "from", "less"}:
            yield here, value
        case list() | tuple() if key in {"by", "of", "has"}:
            yield from (((*here, number), str(name)) for number, name in enumerate(value))
        case Mapping() if key == "when":
            yield from (((*here, name), name) for name in value)


def _unknown_field(
    name: str, fields: Mapping[str, JsonObject], path: ValuePath, source_map: SourceMap
) -> Iterator[Problem]:
    name = name.split(".", maxsplit=1)[0]
    if name not in fields and path[-1] not in {"from", "less"}:  # a number that no request sets is `otherwise`
        guess = nearest(name, fields)
        hint = f'did you mean "{guess}"?' if guess else None
        message = f'the model has no field "{name}"'
        yield problem_at(source_map, path, message, hint, value=name, allowed=tuple(fields))


def _unfit_for_tables(
    by: Json, fields: Mapping[str, JsonObject], here: ValuePath, source_map: SourceMap
) -> Iterator[Problem]:
    """Yield each field of a table whose values are not texts, for a table has texts for keys."""
    for at, name in _named_fields("by", by, here):
        kinds = type_of(fields.get(name, {}))
        if kinds and "string" not in kinds.split(" or "):
            message = f'a table goes by texts, and the values of "{name}" are of the type {kinds}'
            yield problem_at(source_map, at, message, value=name)


def _unknown_values(
    values: Json, names: Sequence[str], fields: Mapping[str, JsonObject], path: ValuePath, source_map: SourceMap
) -> Iterator[Problem]:
    """Yield each value of a table that its field does not take; the outermost field decides first."""
    if not isinstance(values, Mapping):
        return
    if not names:
        yield problem_at(source_map, path, "the table has more levels than there are fields in by")
        return
    for value, inner in values.items():
        here = (*path, value)
        yield from unknown_value(names[0], value, fields, here, source_map)
        yield from _unknown_values(inner, names[1:], fields, here, source_map)


def unknown_value(
    name: str, value: Json, fields: Mapping[str, JsonObject], path: ValuePath, source_map: SourceMap
) -> Iterator[Problem]:
    """Yield the problem of a value that a field does not take; nothing for a field that takes any value of its kind."""
    allowed = choices_of(fields.get(name, {}))
    if allowed and value not in allowed:
        guess = nearest(str(value), map(str, allowed))
        hint = f'did you mean "{guess}"?' if guess else None
        message = f'{name} of the model does not take "{value}"'
        yield problem_at(source_map, path, message, hint, value=value, allowed=allowed)
