"""How a catalog differs from the one before it, in its own words: what is written otherwise now, and what went."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.model.jsontypes import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMeaning:
    """A name that means another model now."""

    use: str
    """The model that is nearest to what the name meant."""
    note: str
    """The difference, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAdvice:
    """Words for what is written instead of a value."""

    message: str
    suggestion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field that some models, or all, no longer take."""

    instead: str
    """An imperative for specs in which it said something."""
    idle: tuple[Json, ...] = ()
    """Values that say nothing, since they were what happened without the field."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Values that say nothing either where another field stands beside them, with that field."""
    becomes: Mapping[str, str] = field(default_factory=dict)
    """Fields that take over a part of the value, with the name of that part."""

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "FieldChange":
        """Parse an entry of catalog.yaml."""
        return cls(
            instead=entry["instead"],
            idle=tuple(entry.get("idle", ())),
            beside=dict(entry.get("beside", {})),
            becomes=dict(entry.get("becomes", {})),
        )

    def is_idle(self, value: Json) -> bool:
        """Whether a value says nothing."""
        return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.idle)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogChanges:
    """All that a catalog says of specs that were written for an older one."""

    date: str = ""
    """The catalog's own date."""
    since: str = ""
    """The date of the older catalog; empty if nothing is said of one."""
    models: Mapping[str, OtherMeaning] = field(default_factory=dict)
    """Names that both catalogs have, for different models."""
    values: Mapping[str, Mapping[str, Mapping[str, Json]]] = field(default_factory=dict)
    """By field and value: the fields that say the same now."""
    fields: Mapping[str, FieldChange] = field(default_factory=dict)

    @classmethod
    def from_json(cls, date: str, entry: Mapping[str, Any]) -> "CatalogChanges":
        """Parse ``changes`` of catalog.yaml; empty for a catalog without it."""
        return cls(
            date=date,
            since=entry.get("since", ""),
            models={
                name: OtherMeaning(use=one["use"], note=one["note"]) for name, one in entry.get("models", {}).items()
            },
            values=entry.get("values", {}),
            fields={name: FieldChange.from_json(one) for name, one in entry.get("fields", {}).items()},
        )

    def value_advice(self, name: str, value: Json) -> ValueAdvice | None:
        """Return what is written now instead of a value of a field; None if there is nothing to say about it."""
        new = self.new_fields(name, value)
        if new is None:
            return None
        now = json.dumps(new.get(name))
        others = "".join(f" with {key}: {_shown(item)}" for key, item in new.items() if key != name)
        written = ", ".join(f"{key}: {_shown(item)}" for key, item in new.items())
        return ValueAdvice(
            message=f"{name} {json.dumps(value)} is {now}{others} in {self.date}", suggestion=f"write {written}"
        )

    def new_fields(self, name: str, value: Json) -> Mapping[str, Json] | None:
        """Return the fields that say what a value of a field said; None where nothing else is written."""
        return self.values.get(name, {}).get(value) if isinstance(value, str) else None

    def field_advice(self, name: str, value: Json) -> str | None:
        """Return what to do about a field that a model does not take; None if nothing is known of it."""
        change = self.fields.get(name)
        if change is None:
            return None
        if change.is_idle(value):
            return f"take it out: {name} {_shown(value)} was what happens without it"
        return change.instead

    def meaning_advice(self, model: str) -> str | None:
        """Return what to do about a name that means another model now."""
        other = self.models.get(model)
        if other is None:
            return None
        return f"{model} is another model than in {self.since} ({other.note}); {other.use} is nearest to that one"


NO_CHANGES = CatalogChanges()


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
