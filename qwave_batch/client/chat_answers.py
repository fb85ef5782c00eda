"""All outcomes of a chat completion: a closed union, for ``match`` with ``assert_never``."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from qwave_batch.client.answers import Refused, ResponseMeta, Trouble


class ChatEnd(StrEnum):
    """How a completion ended; each of them may have been charged."""

    COMPLETE = "complete"
    CUT_SHORT = "cut_short"
    """It reached the limit of its tokens."""
    FILTERED = "filtered"
    """The model refused, or a content filter withheld the text."""
    TOOL_CALL = "tool_call"
    """It calls a tool, which nobody offered."""
    EMPTY = "empty"
    """It has no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens of a completion, as the API counted them."""

    input_tokens: int
    output_tokens: int
    cost_usd: float | None = None
    """The charge, where the API states it itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply(ResponseMeta):
    """The API completed the chat, with or without a usable text."""

    end: ChatEnd
    text: str
    """The message's text, or that of a refusal; empty where there is none."""
    model: str
    """The model that the answer names; empty where it names none."""
    usage: TokenUsage | None
    """None where the answer does not say."""


ChatAnswer: TypeAlias = ChatReply | Refused | Trouble
"""Outcomes of a chat completion."""
