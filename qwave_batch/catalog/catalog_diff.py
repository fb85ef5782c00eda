"""The difference of two catalogs: models gone, new and changed, with their fields, rules and prices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_queries import field_facts, rules
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.request_fields import choices_of
from qwave_batch.model.jsontypes import Json, JsonObject

_WORDS = frozenset({"title", "description", "$comment", "examples", "x-message", "x-rule"})
_NOT_RULES = frozenset({"$schema", "$id", "properties"})

IMAGE_PRICE = "usd_per_image"
RULES = "rules"

OldAndNew: TypeAlias = tuple[Json, Json]
"""A fact as each of the catalogs states it; None where one does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneModel:
    """A model that only the older catalog has."""

    id: str
    successor: str | None
    """The model that replaces it, where there is a single one."""
    use: str | None = None
    """The newer catalog's words on what to take instead, where there is no single successor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedModel:
    """A model of both catalogs that differs between them."""

    id: str
    fields_gone: tuple[str, ...]
    fields_new: tuple[str, ...]
    changed: Mapping[str, OldAndNew]
    """Facts by field, and by the catalog's key for prices, images and the rules between fields."""
    usd_per_image: OldAndNew
    """The price of an image, changed or not; None for a model that is not paid by the image."""
    other_model: str | None = None
    """The model that is nearest to the old one, where the name means another model now."""
    note: str | None = None
    """The difference between those two models, in a few words."""

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``catalog diff --json`` prints."""
        changed = dict(self.changed)
        if self.other_model:
            changed["model"] = ({"successor": self.other_model}, {"note": self.note})
        fields: JsonObject = {
            "gone": list(self.fields_gone),
            "new": list(self.fields_new),
            "changed": {name: _pair(facts) for name, facts in changed.items() if name != IMAGE_PRICE},
        }
        return {"id": self.id, "fields": fields, IMAGE_PRICE: _pair(self.usd_per_image)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogDiff:
    """All that differs between two catalogs."""

    old: str
    new: str
    """The dates."""
    models_gone: tuple[GoneModel, ...]
    models_new: tuple[str, ...]
    models_changed: tuple[ChangedModel, ...]

    @property
    def is_same(self) -> bool:
        """Whether the catalogs have the same models, and nothing differs between these."""
        return not (self.models_gone or self.models_new or self.models_changed)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``catalog diff --json`` prints."""
        return {
            "old": self.old,
            "new": self.new,
            "models": {
                "gone": [{"id": one.id, "successor": one.successor} for one in self.models_gone],
                "new": [{"id": name} for name in self.models_new],
                "changed": [one.as_json() for one in self.models_changed],
            },
        }


def compare_catalogs(old: str | Catalog, new: str | Catalog, *, catalogs: CatalogSource = SHIPPED) -> CatalogDiff:
    """Return the difference of two catalogs.

    Args:
        old: The older catalog, or its date.
        new: The newer catalog, or its date.
        catalogs: The catalogs to look in for dates.

    Raises:
        UnknownName: There is no catalog of such a date.
    """
    before = catalogs.at(old) if isinstance(old, str) else old
    after = catalogs.at(new) if isinstance(new, str) else new
    return CatalogDiff(
        old=before.date,
        new=after.date,
        models_gone=tuple(_gone(name, after) for name in before.models if name not in after.models),
        models_new=tuple(name for name in after.models if name not in before.models),
        models_changed=tuple(_changed(before, after)),
    )


def _gone(name: str, after: Catalog) -> GoneModel:
    successor, gone = after.successor(name), after.gone.get(name)
    if successor is not None:
        return GoneModel(id=name, successor=successor.name)
    return GoneModel(id=name, successor=None, use=gone.use if gone else None)


def _changed(before: Catalog, after: Catalog) -> Iterator[ChangedModel]:
    for name, old in before.models.items():
        new = after.models.get(name)
        if new is None:
            continue
        other = after.changes.models.get(name) if after.changes.since == before.date else None
        changed = {key: facts for key, facts in _facts(old, new) if facts[0] != facts[1]}
        gone = tuple(field for field in old.fields if field not in new.fields)
        added = tuple(field for field in new.fields if field not in old.fields)
        if changed or gone or added or other:
            yield ChangedModel(
                id=name,
                fields_gone=gone,
                fields_new=added,
                changed=changed,
                usd_per_image=(_image_price(old), _image_price(new)),
                other_model=other.use if other else None,
                note=other.note if other else None,
            )


def _facts(old: Model, new: Model) -> Iterator[tuple[str, OldAndNew]]:
    """Yield each fact of a model of both catalogs."""
    for name in old.fields:
        if name in new.fields:
            yield name, _of_field(name, old, new)
    before, after = old.price.as_json(), new.price.as_json()
    yield IMAGE_PRICE, (_image_price(old), _image_price(new))
    for key in dict.fromkeys((*before, *after)):
        if key not in {IMAGE_PRICE, "by", "assumed"}:
            yield key, (before.get(key) or None, after.get(key) or None)
    yield "returns", (old.returns, new.returns)
    yield "native_resolution", (old.native_resolution, new.native_resolution)
    if _rules(old) != _rules(new):
        told: OldAndNew = (list(rules(old)), list(rules(new)))
        yield RULES, told if told[0] != told[1] else (_rules(old), _rules(new))


def _of_field(name: str, old: Model, new: Model) -> OldAndNew:
    """Return what is known of a field; equal where only letter case differs that requests may write either way."""
    before, after = _respelled(name, field_facts(old, name), new), field_facts(new, name)
    if before != after:
        return before, after
    schemas = _wordless(old.fields[name]), _wordless(new.fields[name])
    as_written = {key: value for key, value in old.fields[name].items() if key not in {"enum", "default"}}
    if _wordless(as_written) == _wordless({k: v for k, v in new.fields[name].items() if k not in {"enum", "default"}}):
        return None, None
    return schemas


def _respelled(name: str, facts: dict[str, Json], new: Model) -> dict[str, Json]:
    values = facts.get("values")
    if isinstance(values, list | tuple):
        respelled = tuple(new.spelling.normalise({name: value})[name] for value in values)
        now = choices_of(new.fields[name])
        # the order of the values says nothing
        facts["values"] = now if sorted(map(repr, respelled)) == sorted(map(repr, now)) else respelled
    facts["default"] = new.spelling.normalise({name: facts.get("default")})[name]
    return facts


def _image_price(model: Model) -> Json:
    return model.price.per_image.stated if model.price.per_image else None


def _rules(model: Model) -> Json:
    """Return the schema of the request as a whole, without its fields."""
    return _wordless({key: part for key, part in model.schema.items() if key not in _NOT_RULES})


def _wordless(schema: Json) -> Json:
    """Return a schema without its texts; a property that is called like a keyword is not one."""
    match schema:
        case list() | tuple():
            return [_wordless(part) for part in schema]
        case Mapping():
            return {
                key: _wordless(part)
                for key, part in schema.items()
                if key not in _WORDS or (key != "x-rule" and isinstance(part, Mapping))
            }
        case _:
            return schema


def _pair(facts: OldAndNew) -> dict[str, Json]:
    return {"old": facts[0], "new": facts[1]}
