"""The parts of a price: for each image, for the call, for each input image, for tokens. Together they are the price."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from qwave_batch.catalog.field_table import FieldTable, Triple
from qwave_batch.catalog.request_fields import inputs_at
from qwave_batch.catalog.token_count import MILLI, TokenRule, counted_tokens
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import nusd_from_usd

_MILLION = 1_000_000


class PricePart(Protocol):
    """One part of the price of a request."""

    def cost(self, request: JsonObject, images: int) -> CostRange:
        """Return the cost of the request when it returns so many images."""

    @property
    def fields(self) -> frozenset[str]:
        """The request fields that it reads."""

    @property
    def sized_fields(self) -> frozenset[str]:
        """The texts of which it only reads the size."""

    @property
    def stated(self) -> Json:
        """The part as catalog.yaml states it."""

    def __str__(self) -> str:
        """Return it in words."""


@dataclass(frozen=True, kw_only=True)
class PerImage:
    """A price for each image that is returned."""

    stated: Json
    table: FieldTable
    sized_fields: frozenset[str] = frozenset()

    def cost(self, request: JsonObject, images: int) -> CostRange:
        """Return the cost of so many images."""
        return _times(self.table.of(request), images)

    @property
    def fields(self) -> frozenset[str]:
        """The request fields that it reads."""
        return frozenset(self.table.fields)

    @property
    def usd_by_value(self) -> Mapping[str, str]:
        """The amounts as they are written, by the value that they belong to; one, under an empty key, for all."""
        if not isinstance(self.stated, Mapping):
            return {"": _amount_words(self.stated)}
        values = self.stated["values"]
        return dict(_each(values)) if isinstance(values, Mapping) else {}

    def __str__(self) -> str:
        return f"{_table_words(self.stated)} an image"


@dataclass(frozen=True, kw_only=True)
class PerCall:
    """A price for the call, however many images it returns."""

    stated: Json
    table: FieldTable
    sized_fields: frozenset[str] = frozenset()

    def cost(self, request: JsonObject, images: int) -> CostRange:  # noqa: ARG002 - a part is asked with the number
        """Return the cost of the call."""
        return CostRange(*self.table.of(request))

    @property
    def fields(self) -> frozenset[str]:
        """The request fields that it reads."""
        return frozenset(self.table.fields)

    def __str__(self) -> str:
        return f"{_table_words(self.stated)} a call"


@dataclass(frozen=True, kw_only=True)
class PerReference:
    """A fee for each input image, once a request or once for each image that is returned."""

    stated: Json
    table: FieldTable
    sized_fields: frozenset[str] = frozenset()
    of: tuple[str, ...]
    """The fields with input images."""
    is_per_image: bool

    def cost(self, request: JsonObject, images: int) -> CostRange:
        """Return the fees of the request's input images."""
        references = sum(inputs_at(request, name) for name in self.of)
        return _times(self.table.of(request), references * (images if self.is_per_image else 1))

    @property
    def fields(self) -> frozenset[str]:
        """The request fields that it reads."""
        return frozenset((*self.table.fields, *self.of))

    def __str__(self) -> str:
        usd = self.stated["usd"] if isinstance(self.stated, Mapping) else None
        return f"{_table_words(usd)} an input image" + (" and image" if self.is_per_image else "")


@dataclass(frozen=True, kw_only=True)
class PerToken:
    """Rates for kinds of tokens, and how many of each a request takes."""

    stated: Json
    """The rates in USD for a million tokens, by kind."""
    nusd_per_token: Mapping[str, int]
    rules: Mapping[str, Sequence[TokenRule]]

    def cost(self, request: JsonObject, images: int) -> CostRange:
        """Return the cost of the request's tokens; a part of a nano-dollar counts as a whole one."""
        return self._cost(self.rules, request, images)

    def sized_cost(self, request: JsonObject) -> CostRange:
        """Return the part of the cost that depends on the size of texts, and on nothing else."""
        return self._cost(self._sized_rules, request, 0)

    @cached_property
    def _sized_rules(self) -> Mapping[str, Sequence[TokenRule]]:
        return {
            kind: rules
            for kind, rules in self.rules.items()
            if all(rule.sized_fields and not rule.fields for rule in rules)
        }

    def _cost(self, rules_by_kind: Mapping[str, Sequence[TokenRule]], request: JsonObject, images: int) -> CostRange:
        least = typical = most = 0
        for kind, rules in rules_by_kind.items():
            rate = self.nusd_per_token[kind]
            counts = counted_tokens(rules, request, images)
            # the service may have the input at hand already, which it does not tell before
            least += -(-counts[0] * min(rate, self.nusd_per_token.get(f"cached_{kind}", rate)) // MILLI)
            typical += -(-counts[1] * rate // MILLI)
            most += -(-counts[2] * rate // MILLI)
        return CostRange(least, typical, most)

    @property
    def fields(self) -> frozenset[str]:
        """The request fields that it reads."""
        read = [rule.fields for rules in self.rules.values() for rule in rules]
        others = [
            rule.sized_fields for kind, rules in self.rules.items() if kind not in self._sized_rules for rule in rules
        ]
        return frozenset().union(*read, *others)

    @property
    def sized_fields(self) -> frozenset[str]:
        """The texts of which it only reads the size."""
        sized = (rule.sized_fields for rules in self._sized_rules.values() for rule in rules)
        return frozenset().union(*sized) - self.fields

    def __str__(self) -> str:
        rates = self.stated if isinstance(self.stated, Mapping) else {}
        kinds = ", ".join(f"{kind.replace('_', ' ')} {usd}" for kind, usd in rates.items())
        return f"USD for a million tokens: {kinds}"


def _per_image(entry: Mapping[str, Any], known: Mapping[str, JsonObject]) -> PricePart:
    stated = entry["usd_per_image"]
    return PerImage(stated=stated, table=FieldTable.from_json(stated, known, nusd_from_usd))


def _per_call(entry: Mapping[str, Any], known: Mapping[str, JsonObject]) -> PricePart:
    stated = entry["usd_per_call"]
    return PerCall(stated=stated, table=FieldTable.from_json(stated, known, nusd_from_usd))


def _per_reference(entry: Mapping[str, Any], known: Mapping[str, JsonObject]) -> PricePart:
    stated = entry["usd_per_reference"]
    table = FieldTable.from_json(stated["usd"], known, nusd_from_usd)
    return PerReference(stated=stated, table=table, of=tuple(stated["of"]), is_per_image=stated["times"] == "images")


def _per_token(entry: Mapping[str, Any], known: Mapping[str, JsonObject]) -> PricePart:
    stated = entry["usd_per_million_tokens"]
    rules = entry["tokens"]
    if unpriced := sorted(rules.keys() - stated.keys()):
        raise ValueError(f"tokens of the kind {unpriced[0]} have no rate in usd_per_million_tokens")
    return PerToken(
        stated=stated,
        nusd_per_token={kind: _rate(usd) for kind, usd in stated.items()},
        rules={
            kind: [TokenRule.from_json(rule, known) for rule in (given if isinstance(given, list) else [given])]
            for kind, given in rules.items()
        },
    )


PARTS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, JsonObject]], PricePart]] = {
    "usd_per_image": _per_image,
    "usd_per_call": _per_call,
    "usd_per_reference": _per_reference,
    "usd_per_million_tokens": _per_token,
}
"""The reader of each key of a model's entry in catalog.yaml that states a part of its price."""


def _rate(usd_per_million: str) -> int:
    nusd, rest = divmod(nusd_from_usd(usd_per_million), _MILLION)
    if rest:
        raise ValueError(f"{usd_per_million} USD for a million tokens is not a whole number of nano-dollars a token")
    return nusd


def _times(amounts: Triple, count: int) -> CostRange:
    return CostRange(amounts[0] * count, amounts[1] * count, amounts[2] * count)


def _table_words(stated: Json) -> str:
    """Return an amount, or the amounts by value: ``0.01 USD at 1k, 0.02 USD at 2k``."""
    if not isinstance(stated, Mapping):
        return f"{_amount_words(stated)} USD"
    values = stated["values"]
    if not isinstance(values, Mapping):
        return ""
    by_amount: dict[str, list[str]] = {}
    for value, words in _each(values):
        by_amount.setdefault(words, []).append(value)
    return ", ".join(f"{words} USD at {' '.join(names)}" for words, names in by_amount.items())


def _each(values: Mapping[str, Json]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for value, inner in values.items():
        if isinstance(inner, Mapping):
            found += [(f"{value} {rest}", words) for rest, words in _each(inner)]
        else:
            found.append((value, _amount_words(inner)))
    return found


def _amount_words(stated: Json) -> str:
    if isinstance(stated, list | tuple):
        return f"{stated[0]} to {stated[-1]}"
    return str(stated)
