"""Tokens and money of chats: estimated before, and known from an answer's usage. Pure; money is in nano-dollars."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from qwave_batch.client.chat_answers import TokenUsage
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import MAX_TASK_NUSD, nusd_from_usd

_MILLION = 1_000_000
_MOST_USD_OF_A_MILLION = 100_000
_OVERHEAD_TOKENS = 30
"""A chat's own marks around its messages."""
_CHARACTERS_OF_A_TOKEN = 3.5
_TYPICAL_PATCH, _DENSEST_PATCH = 28, 16
"""A token for each square of so many pixels: most models count one for 28 x 28, some for 16 x 16."""
_TILE, _TILE_TOKENS, _BASE_TOKENS, _MOST_TILES = 512, 170, 85, 8
"""Others count tiles of an image that was shrunk to eight of them at most."""
_MOST_IMAGE_TOKENS = 16_384
"""Models shrink an image that would take more."""
TYPICAL_ANSWER_TOKENS = 16
"""A short JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrice:
    """The price of a model, in nano-dollars for a million tokens."""

    input_nusd: int
    output_nusd: int
    image_input_nusd: int | None = None
    """None where tokens of images cost as those of text."""

    @property
    def dearest_input_nusd(self) -> int:
        """The price of a token that may be of an image or of text: answers do not tell them apart."""
        return max(self.input_nusd, self.image_input_nusd or 0)

    def cost_nusd(self, usage: TokenUsage) -> int:
        """Return the charge for an answer by its tokens, rounded up."""
        return _cost(usage.input_tokens, self.dearest_input_nusd) + _cost(usage.output_tokens, self.output_nusd)


@dataclass(frozen=True, slots=True)
class TokenEstimate:
    """Tokens of a chat that was not held yet."""

    typical_input: int
    most_input: int
    typical_output: int
    most_output: int

    def cost(self, price: TokenPrice, *, stretch: float = 1.0) -> CostRange:
        """Return the cost; ``stretch`` is how many times the most that was estimated an answer has counted so far."""
        rate, made = price.dearest_input_nusd, price.output_nusd
        most = _cost(math.ceil(self.most_input * stretch), rate) + _cost(self.most_output, made)
        typical = _cost(self.typical_input, price.input_nusd) + _cost(self.typical_output, made)
        typical = min(typical, most)
        return CostRange(min(typical, _cost(self.typical_input // 2, price.input_nusd)), typical, min(most, _MOST_NUSD))


_MOST_NUSD = MAX_TASK_NUSD


def estimate_tokens(
    text: str, sizes: list[tuple[int, int]], *, most_output: int, answers: int, image_tokens: int | None = None
) -> TokenEstimate:
    """Return the tokens of a chat with a text and images of these sizes.

    The most is meant as a bound: a token of text is a byte or more, and of an image the densest usual way to count is
    taken. Some models count several times as much, as their answers show: see ``TokenEstimate.cost``.

    Args:
        text: All texts.
        sizes: Width and height of each image.
        most_output: The limit that the request sets for the answer.
        answers: How many questions are answered.
        image_tokens: The tokens of an image, if the user knows them.
    """
    of_text = len(text.encode("utf-8", "replace"))
    typical_images = [image_tokens or _typical_tokens(*size) for size in sizes]
    most_images = [image_tokens or _most_tokens(*size) for size in sizes]
    return TokenEstimate(
        typical_input=math.ceil(of_text / _CHARACTERS_OF_A_TOKEN) + sum(typical_images),
        most_input=of_text + _OVERHEAD_TOKENS + sum(most_images),
        typical_output=min(most_output, TYPICAL_ANSWER_TOKENS * answers),
        most_output=most_output,
    )


def _typical_tokens(width: int, height: int) -> int:
    return min(_MOST_IMAGE_TOKENS, math.ceil(width / _TYPICAL_PATCH) * math.ceil(height / _TYPICAL_PATCH))


def _most_tokens(width: int, height: int) -> int:
    patches = math.ceil(width / _DENSEST_PATCH) * math.ceil(height / _DENSEST_PATCH)
    tiles = min(_MOST_TILES, math.ceil(width / _TILE) * math.ceil(height / _TILE))
    return max(min(_MOST_IMAGE_TOKENS, patches), _BASE_TOKENS + _TILE_TOKENS * tiles)


def _cost(tokens: int, nusd_of_a_million: int) -> int:
    return -(-tokens * nusd_of_a_million // _MILLION)


def price_from_usd(input_usd: str, output_usd: str) -> TokenPrice:
    """Return the price that two amounts in USD for a million tokens are; raises ValueError for others."""
    sent, made = (_nusd_of_a_million(text, 1) for text in (input_usd, output_usd))
    if sent is None or made is None:
        raise ValueError("a price is an amount in USD for a million tokens, such as 0.4")
    return TokenPrice(input_nusd=sent, output_nusd=made)


_RATES = ("usage_rates", "chat_usage_rates", "text_usage_rates", "image_usage_rates", "token_prices")
_SENT = ("text_input", "input", "prompt")
_MADE = ("text_output", "output", "completion")
_PER_TOKEN = ("pricing", "price")


def stated_price(model: JsonObject) -> TokenPrice | None:
    """Return the price of tokens that an API states of a model; None where it states none in a known form.

    Known are rates in USD for a million tokens below ``price_config``, and USD for one token below ``pricing``.
    """
    for rates, tokens in _stated_rates(model):
        sent = _first(rates, _SENT, tokens)
        made = _first(rates, _MADE, tokens)
        if sent is not None and made is not None:
            of_images = _first(rates, ("image_input",), tokens)
            return TokenPrice(input_nusd=sent, output_nusd=made, image_input_nusd=of_images)
    return None


def _stated_rates(model: JsonObject) -> Iterator[tuple[Mapping[str, Json], int]]:
    """Yield the objects in which a model's rates may be, with the number of tokens that they are for."""
    config = model.get("price_config")
    if isinstance(config, Mapping):
        for name in _RATES:
            rates = config.get(name)
            if isinstance(rates, Mapping):
                yield rates, _MILLION
    for name in _PER_TOKEN:
        rates = model.get(name)
        if isinstance(rates, Mapping):
            yield rates, 1


def _first(rates: Mapping[str, Json], names: tuple[str, ...], tokens: int) -> int | None:
    found = next((rates[name] for name in names if name in rates), None)
    return _nusd_of_a_million(found, _MILLION // tokens)


def _nusd_of_a_million(amount: Json, times: int) -> int | None:
    """Return nano-dollars for a million tokens; None for anything but a sensible amount."""
    if isinstance(amount, bool) or not isinstance(amount, str | int | float):
        return None
    try:
        usd = Decimal(str(amount)) * times
    except InvalidOperation:
        return None
    return nusd_from_usd(usd) if usd.is_finite() and 0 <= usd <= _MOST_USD_OF_A_MILLION else None
