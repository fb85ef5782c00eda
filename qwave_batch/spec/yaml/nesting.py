"""Finds nesting that is too deep for a YAML parser, by a count of our own.

A parser looks ahead of its events and may hit a limit of its own there. That limit and its message differ from library
to library, so the message states our own limit.
"""

from contextlib import suppress
from typing import Any

import yaml

from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.values.json_values import MAX_DEPTH

_AHEAD = 2_048
"""Characters that are counted after the last event: more than a parser looks ahead, which is 1,024 for a key."""


def deep_nesting(text: str, shown_as: str, parser: type[Any], end: int, *, limit: int = MAX_DEPTH) -> Problem | None:
    """Return a problem if a parser gave up because the text is nested too deeply; None for another reason.

    Args:
        text: The whole file.
        shown_as: The file name in its places.
        parser: The PyYAML loader class that gave up; it parses the text once more.
        end: The index of the text at which it gave up.
        limit: How many levels may enclose a value.
    """
    open_levels, at = _told_levels(text, parser)
    for token in tokens_of(text[at : min(end, at + _AHEAD)]):
        if isinstance(token, yaml.FlowSequenceStartToken | yaml.FlowMappingStartToken):
            if open_levels > limit:
                where = at + token.start_mark.index
                place = SourcePlace(shown_as, text.count("\n", 0, where) + 1, where - text.rfind("\n", 0, where))
                return Problem(message=f"it is nested deeper than {MAX_DEPTH} levels", place=place)
            open_levels += 1
        elif isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
            open_levels -= 1
    return None


def _told_levels(text: str, parser: type[Any]) -> tuple[int, int]:
    """Return how many collections are open where a parser's events end, and the index of that place."""
    events = parser(text)
    open_levels, at = 0, 0
    try:
        while (event := events.get_event()) is not None:
            at = event.end_mark.index
            if isinstance(event, yaml.CollectionStartEvent):
                open_levels += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                open_levels -= 1
    except yaml.YAMLError:
        pass
    finally:
        events.dispose()
    return open_levels, at


def tokens_of(text: str) -> list[yaml.Token]:
    """Return the tokens of a piece of text up to the first mistake; this scanner has no limit of its own."""
    tokens: list[yaml.Token] = []
    with suppress(yaml.YAMLError):
        tokens.extend(yaml.scan(text, yaml.SafeLoader))
    return tokens
