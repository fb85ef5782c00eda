"""The facts that the catalogs were written from, a file for each date; not part of the project, nor always at hand.

The file of October 2026 says of a vendor, of a family in it or of a model what is the same for all below.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(os.environ.get("QWAVE_FACTS") or Path(__file__).parents[2] / "shared" / "api")
"""Beside the checkout, unless the environment says otherwise."""

_NONE = "none"
_COMMON = frozenset({"model", "action", "prompt", "callback_url", "callback_events"})
_FIELDS = ("fields_of_all", "fields", "extra_fields", "fields_of_all_actions", "fields_by_action", "fields_of_imagine")
_FIELDS_OF_THE_MARKED = ("search", "extra_fields_3")
_LISTS_OF_THE_MODEL = {"quality": "qualities", "output_format": "output_formats"}
_DEFAULTS = {
    "default_ratio": "aspect_ratio",
    **{f"default_{field}": field for field in ("resolution", "quality", "moderation", "background")},
}


@dataclass(frozen=True)
class StatedModel:
    """All that is said of one model of October 2026."""

    name: str
    vendor: str
    layers: tuple[Mapping[str, Any], ...]
    """The words of its vendor, its family and its own entry: the last one counts."""
    ratio_sets: Mapping[str, list[str]]

    def says(self, key: str) -> Any:
        return next((layer[key] for layer in reversed(self.layers) if key in layer), None)

    @property
    def actions(self) -> list[str]:
        return list(self.says("actions"))

    @property
    def ratios(self) -> list[str]:
        """The ratios; none where the field is refused."""
        named = self.says("ratios") or self.says("ratios_of_all")
        sets = [] if named == _NONE else named if isinstance(named, list) else [named]
        ratios = [ratio for one in sets for ratio in self.ratio_sets[one]]
        own = self.layers[-1]
        return [*ratios, *own.get("more_ratios", []), *(["auto"] if "auto_ratio" in own else [])]

    @property
    def resolutions(self) -> list[str]:
        """The tiers; none where the field is refused."""
        named = self.says("resolutions") or self.says("resolutions_of_all")
        return [] if named == _NONE else list(named)

    def most_images(self, action: str) -> int | None:
        """Return the highest n with an action alone, or None where the field is refused."""
        n = self.says("n")
        if n == _NONE:
            return None
        return int(n[action]["maximum"] if action in n else n["maximum"])

    def references(self, action: str) -> tuple[int, float]:
        """Return the fewest and the most input images of an action.

        Images with ``generate`` are taken where images are taken at all, unless it is said that they are not.
        """
        counts = self.says("reference_images")
        stated = None if counts == _NONE else counts.get(action)
        match stated:
            case None | "none":
                return 0, 0
            case {"min": int(least), "max": int(most)}:
                return least, most
            case {"min": int(least)}:
                return least, float("inf")
            case _:
                return 0, self.references("edit")[1]

    @property
    def refused(self) -> set[str]:
        """The fields that are named as refused, or that May took."""
        named = self.says("rejected_fields") or []
        if isinstance(named, dict):
            groups = {"all", self.name, self.says("line")}
            named = [field for group, fields in named.items() if group in groups for field in fields]
        return {*named, *(self.says("gone_fields") or [])}

    @property
    def own_fields(self) -> dict[str, Mapping[str, Any]]:
        """The fields beside those that many models share, with what is said of each."""
        return {name: spec for part in self._parts() for name, spec in part.items()}

    def choices(self, field: str) -> list[Any]:
        """Return the values that a field is limited to; empty where it is not."""
        match field:
            case "aspect_ratio":
                return self.ratios
            case "resolution":
                return self.resolutions
            case "action":
                return self.actions
        stated = self.own_fields.get(field, {}).get("enum", [])
        return stated if isinstance(stated, list) else list(self.says(_LISTS_OF_THE_MODEL[field]))

    @property
    def fields(self) -> set[str]:
        """Every field that a request may have."""
        shared = {
            "n": self.says("n") != _NONE,
            "seed": bool(self.says("seed")),
            "aspect_ratio": bool(self.ratios),
            "resolution": bool(self.resolutions),
            "image_urls": self.says("reference_images") != _NONE,
        }
        return {*_COMMON, *self.own_fields, *(field for field, is_taken in shared.items() if is_taken)}

    @property
    def defaults(self) -> dict[str, Any]:
        """The stated default of each field that has one."""
        found = {field: spec.get("default") for field, spec in self.own_fields.items()}
        for layer in self.layers:
            stated = layer.get("defaults", {})
            found |= stated if isinstance(stated, dict) else dict.fromkeys(("aspect_ratio", "resolution"))
            found |= {field: layer[key] for key, field in _DEFAULTS.items() if key in layer}
        return {field: value for field, value in found.items() if self._is_default(field, value)}

    def _is_default(self, field: str, value: Any) -> bool:
        choices = self.choices(field)
        return field in self.fields and value is not None and (not choices or value in choices)

    def _parts(self) -> Iterator[Mapping[str, Any]]:
        for layer in self.layers:
            for key in _FIELDS:
                yield layer.get(key, {})
        for key in _FIELDS_OF_THE_MARKED:
            if self.says(key) is True:
                marked = self.layers[0][key]
                yield marked.get("fields", marked)
        if self.says("line") == "official":
            yield self.layers[0].get("fields_of_official", {})


@cache
def documented_facts(date: str) -> dict[str, Any] | None:
    """Return the facts of a date, or None where they are not at hand."""
    file = _FOLDER / f"catalog-{date}.yaml"
    if not file.is_file():
        return None
    facts: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return facts


@cache
def stated_models() -> Mapping[str, StatedModel]:
    """Return what is stated of each model of October 2026; nothing where the facts are not at hand."""
    facts = documented_facts("2026-10")
    if facts is None:
        return {}
    return {
        name: StatedModel(name, vendor, (says, family, own), facts["ratio_sets"])
        for vendor, says in facts["vendors"].items()
        for name, own in says["models"].items()
        for family in [says.get("families", {}).get(own.get("family"), {})]
    }
