"""The settings of a judge, as ``--param NAME=VALUE`` gives them: read strictly, each with its own message. Pure."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qwave_batch.errors import UsageError
from qwave_batch.judging.chat_prompts import CRITERION
from qwave_batch.judging.token_costs import TokenPrice, price_from_usd
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.strict_json import STRICT_JSON
from qwave_batch.scoring.scorer_params import (
    ParamReader,
    a_number,
    a_text,
    a_whole_number,
    one_of_these,
    or_none,
    read_scorer_params,
)

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OURS = frozenset({"model", "messages", "temperature", "seed", "max_tokens", "stream", "n"})
"""Fields of a request that ``extra`` can't set: they have a parameter of their own, or would change what comes back."""
_OTHER_LIMITS = ("max_completion_tokens", "max_output_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeParams:
    """How to judge. A value of None leaves a field out of the request."""

    name: str | None = None
    """The name that the numbers get; None for that of the mode."""
    model: str | None = None
    mode: Literal["questions", "pairs"] = "questions"
    ask: Literal["each", "together"] = "each"
    questions: str | None = None
    """A file of questions for every image; None takes those of each prompt."""
    template: str | None = None
    """A file with the text to ask with."""
    criterion: str = CRITERION
    temperature: float | None = 0.0
    seed: int | None = 0
    max_tokens: int | None = None
    """The limit of an answer's tokens; None for one that grows with the questions, unless ``extra`` sets one."""
    max_size: int | None = 2048
    """Pixels of the longer side; larger images are shown smaller."""
    detail: str | None = None
    extra: JsonObject = field(default_factory=dict)
    base_url: str | None = None
    key_env: str | None = None
    price: TokenPrice | None = None
    image_tokens: int | None = None
    answers_as: str | None = None
    """The name under which the service answers, if it is not that of the model."""
    concurrency: int = 8
    requests_per_minute: int | None = None
    timeout: float = 120.0
    max_wait: float = 900.0
    tries: int = 5

    @property
    def fields(self) -> dict[str, Json]:
        """The fields of a request beside its model and messages."""
        wanted: dict[str, Json] = {
            "temperature": self.temperature,
            "seed": self.seed,
            "max_tokens": self.max_tokens,
            **self.extra,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    @property
    def most_output(self) -> int | None:
        """The limit of an answer's tokens that the user set."""
        limits = (self.extra.get(name) for name in _OTHER_LIMITS)
        return next((limit for limit in limits if isinstance(limit, int)), self.max_tokens)


def read_params(written: Mapping[str, str]) -> JudgeParams:
    """Return the settings that ``--param`` gave.

    Raises:
        UsageError: a name or a value is not right, or two of them do not go together.
    """
    # a key may have been given in the place of its variable's name
    read = read_scorer_params("judge", PARAMS, written, never_shown={"key_env"})
    price = _price(written)
    values = {name: value for name, value in read.items() if name not in {"price_in", "price_out"}}
    params = JudgeParams(**values, price=price)  # type: ignore[arg-type]  # each reader gives its field's type
    _check(params, written)
    return params


def _price(written: Mapping[str, str]) -> TokenPrice | None:
    given = [name for name in ("price_in", "price_out") if name in written]
    if len(given) == 1:
        raise UsageError("price_in and price_out go together: USD for a million tokens that come in, and that go out")
    if not given:
        return None
    try:
        return price_from_usd(written["price_in"], written["price_out"])
    except ValueError as error:
        raise UsageError(f"price_in and price_out of judge: {error}") from None


def _check(params: JudgeParams, written: Mapping[str, str]) -> None:
    """Raise UsageError for parameters that do not go together."""
    of_other_mode = {"questions": {"criterion"}, "pairs": {"ask", "questions"}}[params.mode]
    for name in sorted(of_other_mode & written.keys()):
        raise UsageError(f"the parameter {name} of judge is of no use with mode={params.mode}")
    for name in _OTHER_LIMITS:
        limit = params.extra.get(name, 1)
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise UsageError(f"{name} in the parameter extra of judge is a limit of tokens, so a whole number from 1")
    if params.max_tokens is not None and not params.extra.keys().isdisjoint(_OTHER_LIMITS):
        raise UsageError("the limit of an answer's tokens is given twice: in max_tokens and in extra")
    if params.base_url is None and params.key_env is not None:
        raise UsageError("key_env names the key of another service: it goes with base_url")


def _object(text: str) -> JsonObject:
    try:
        value = STRICT_JSON.decode(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError('it is not a JSON object such as {"reasoning_effort": "low"}')  # noqa: TRY004 - of a text
    if taken := sorted(_OURS & value.keys()):
        raise ValueError(f"{taken[0]} can't be set by it")
    json.dumps(value)
    return value


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError("it is the name of an environment variable, never a key")
    return text


def _a_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("it is of small letters, digits and _, and begins with a letter")
    return text


PARAMS: Mapping[str, ParamReader] = {
    "name": _a_name,
    "model": a_text,
    "mode": one_of_these("questions", "pairs"),
    "ask": one_of_these("each", "together"),
    "questions": a_text,
    "template": a_text,
    "criterion": a_text,
    "temperature": or_none(a_number(0, 2)),
    "seed": or_none(a_whole_number(0, 2**31 - 1)),
    "max_tokens": a_whole_number(1, 100_000),
    "max_size": or_none(a_whole_number(64, 16_384)),
    "detail": one_of_these("auto", "low", "high"),
    "extra": _object,
    "base_url": a_text,
    "key_env": _variable,
    "price_in": a_text,
    "price_out": a_text,
    "image_tokens": a_whole_number(1, 1_000_000),
    "answers_as": a_text,
    "concurrency": a_whole_number(1, 128),
    "requests_per_minute": a_whole_number(1, 1_000_000),
    "timeout": a_number(1, 3600),
    "max_wait": a_number(0, 86_400),
    "tries": a_whole_number(1, 20),
}
"""The reader of each parameter's value; its ValueError says what the value may be."""
