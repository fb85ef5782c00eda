"""The difference of two catalogs, for a terminal and as Markdown."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.plan_markdown import escaped, markdown_item, markdown_table
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.model.jsontypes import Json

if TYPE_CHECKING:
    from qwave_batch.catalog import CatalogDiff, ChangedModel

_GONE = (Column("gone"), Column("use instead", gives_way=True))
_SENTENCES = "rules"
_RANGES = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " entries"),
)


def draw_catalog_diff(found: "CatalogDiff", terminal: Terminal) -> list[str]:
    """Return what differs, as lines that fit ``terminal``."""
    lines = wrap(terminal.shown(_head(found)), terminal.width)
    if rows := _gone_rows(found):
        lines += ["", *draw_table(_GONE, rows, terminal)]
    elif found.models_gone:
        lines += ["", terminal.paint("gone", "bold")]
    for name, words in _gone_words(found):
        lines += wrap(terminal.shown(f"{name}: {words}"), terminal.width, hang="    ")
    if found.models_new:
        lines += ["", terminal.paint("new", "bold")]
        lines += wrap(terminal.shown(", ".join(found.models_new)), terminal.width, indent="  ")
    for model in found.models_changed:
        lines += ["", *wrap(terminal.paint(terminal.shown(f"{model.id} changed"), "bold"), terminal.width)]
        for words in _change_words(model):
            lines += wrap(terminal.shown(words), terminal.width, indent="  ", hang="      ")
    return lines


def markdown_catalog_diff(found: "CatalogDiff") -> list[str]:
    """Return what differs, to paste under a pull request."""
    lines = [f"### {_head(found)[0].upper()}{_head(found)[1:]}", ""]
    if found.models_gone:
        lines += [*markdown_table(_GONE, [*_gone_rows(found), *_gone_words(found)]), ""]
    if found.models_new:
        lines += ["#### New models", "", *map(markdown_item, found.models_new), ""]
    for model in found.models_changed:
        lines += [f"#### {escaped(model.id)} changed", "", *map(markdown_item, _change_words(model)), ""]
    return lines[:-1]


def _head(found: "CatalogDiff") -> str:
    named = f"from catalog {found.old} to {found.new}"
    if found.is_same:
        return f"{named}: the same models, and no difference between them"
    gone, new, changed = len(found.models_gone), len(found.models_new), len(found.models_changed)
    return f"{named}: {count(gone, 'model')} gone, {new} new, {changed} changed"


def _gone_rows(found: "CatalogDiff") -> list[tuple[str, str]]:
    return [(one.id, one.successor) for one in found.models_gone if one.successor]


def _gone_words(found: "CatalogDiff") -> list[tuple[str, str]]:
    """Return what there is to say about models without a single successor."""
    return [(one.id, f"gone; use {one.use}" if one.use else "gone") for one in found.models_gone if not one.successor]


def _change_words(model: "ChangedModel") -> Iterator[str]:
    """Yield a line for each thing that differs, the weightiest first."""
    if model.other_model:
        yield f"another model: {model.note}; nearest to the old one is {model.other_model}"
    before, after = model.usd_per_image
    if before != after:
        yield f"USD an image: {_priced(before)} -> {_priced(after)}"
    if model.fields_gone:
        yield f"fields gone: {', '.join(model.fields_gone)}"
    if model.fields_new:
        yield f"fields new: {', '.join(model.fields_new)}"
    for name, (old, new) in model.changed.items():
        if name != "usd_per_image":
            yield from _fact_words(name, old, new)


def _fact_words(name: str, old: Json, new: Json) -> Iterator[str]:
    match old, new:
        case [*old_rules], [*new_rules] if name == _SENTENCES:
            yield from (f"rule gone: {rule}" for rule in old_rules if rule not in new_rules)
            yield from (f"rule new: {rule}" for rule in new_rules if rule not in old_rules)
        case Mapping(), Mapping() if "default" in old and "default" in new:
            yield f"{name}: {'; '.join(_field_words(old, new))}"
        case _ if name == _SENTENCES or (isinstance(old, Mapping) and "type" in old):
            yield f"{name}: checked otherwise; the schemas of the two catalogs say how"
        case _ if name == "surcharges":
            yield f"surcharges: {_notes(old)} -> {_notes(new)}"
        case _:
            yield f"{name}: {_shown(old)} -> {_shown(new)}"


def _field_words(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[str]:
    before, after = _listed(old.get("values")), _listed(new.get("values"))
    if before and after:
        if gone := [value for value in before if value not in after]:
            yield f"no longer {', '.join(gone)}"
        if added := [value for value in after if value not in before]:
            yield f"now also {', '.join(added)}"
    elif before != after or old.get("type") != new.get("type"):
        yield f"{', '.join(before) or _shown(old.get('type'))} -> {', '.join(after) or _shown(new.get('type'))}"
    for least, most, unit in _RANGES:
        was, is_now = _range(old, least, most, unit), _range(new, least, most, unit)
        if was != is_now:
            yield f"{was} -> {is_now}"
    if old.get("required") != new.get("required"):
        yield "required now" if new.get("required") else "no longer required"
    if old.get("default") != new.get("default"):
        yield f"default {_shown(old.get('default'))} -> {_shown(new.get('default'))}"


def _listed(values: Json) -> Sequence[str]:
    return [_shown(value) for value in values] if isinstance(values, list | tuple) else []


def _range(field: Mapping[str, Json], least_key: str, most_key: str, unit: str) -> str:
    least, most = field.get(least_key), field.get(most_key)
    if most is None:
        is_any = least is None or (unit and least == 1)
        return f"any number of{unit}" if is_any and unit else "any" if is_any else f"at least {_shown(least)}{unit}"
    if least == most:
        return f"exactly {_shown(most)}{unit}"
    return f"at most {_shown(most)}{unit}" if least is None else f"{_shown(least)} to {_shown(most)}{unit}"


def _notes(surcharges: Json) -> str:
    if not isinstance(surcharges, list):
        return "none"
    return ", ".join(str(one["note"]) for one in surcharges if isinstance(one, Mapping) and "note" in one)


def _priced(stated: Json) -> str:
    match stated:
        case None:
            return "none"
        case {"by": by, "values": Mapping() as values}:
            return f"{', '.join(f'{usd} at {value}' for value, usd in values.items())} (by {by})"
        case _:
            return _shown(stated)


def _shown(value: Json) -> str:
    match value:
        case None:
            return "none"
        case str():
            return value
        case Mapping():
            return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
        case _:
            return json.dumps(value, ensure_ascii=False)
