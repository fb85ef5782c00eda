"""Asks a scorer, and believes nothing: what it raises and what breaks its own statements are errors of their items."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from qwave_batch.errors import QwaveError
from qwave_batch.scoring.score_items import UnreadableItem
from qwave_batch.scoring.scorer import Item, Outcome, Output, Score, ScoreError, Scorer, ScorerFacts

MOST_IN_A_ROW = 20
"""So many items in a row that a scorer fails on say that it is broken."""
MOST_KILLED_IN_A_ROW = 3
"""Each of them has ended several workers, and a worker takes seconds to begin."""
RAISED, BAD_ANSWER, KILLED = "scorer_raised", "bad_answer", "worker_killed"
_FAILURES = frozenset({RAISED, BAD_ANSWER, KILLED})
_SHOWN = 300
_MOST_MESSAGE = 10_000
"""Characters."""
_MOST_DETAILS = 512 * 1024
"""Characters of JSON; a line of a megabyte could not be read again."""


class BrokenScorer(QwaveError):
    """A scorer fails on everything it is asked; the items after that were not asked about."""


@dataclass(slots=True)
class FailureCount:
    """Counts how often in a row a scorer fails."""

    name: str
    """The scorer's name."""
    _in_a_row: int = 0
    _killed: int = 0

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Count the outcomes of items that it was asked about, in order.

        Raises:
            BrokenScorer: it failed on ``MOST_IN_A_ROW`` items, one after another, or ended its workers on several.
        """
        for outcome in outcomes:
            code = outcome.code if isinstance(outcome, ScoreError) else ""
            self._in_a_row = self._in_a_row + 1 if code in _FAILURES else 0
            self._killed = self._killed + 1 if code == KILLED else 0
            if isinstance(outcome, ScoreError) and (
                self._in_a_row >= MOST_IN_A_ROW or self._killed >= MOST_KILLED_IN_A_ROW
            ):
                times = self._in_a_row
                raise BrokenScorer(
                    f"the scorer {self.name} failed on {times} items in a row and is asked no more: {outcome.message}"
                )


def answers_of(scorer: Scorer, items: Sequence[Item]) -> list[Outcome]:
    """Return an outcome for each item.

    A batch that the scorer raises on is asked again item by item, so that one of them spoils no other.

    Raises:
        QwaveError: it can't work at all, by its own word.
    """
    outcomes = _outcomes(scorer, items)
    if outcomes is None:
        outcomes = [each for item in items for each in _outcomes(scorer, [item]) or [_NO_ANSWER]]
    return [checked_outcome(scorer, outcome) for outcome in outcomes]


def _outcomes(scorer: Scorer, items: Sequence[Item]) -> list[Outcome] | None:
    """Return what a scorer says; None when that can't be told apart by item."""
    try:
        outcomes = list(scorer.score(items))
    except UnreadableItem as error:  # of a member of a set
        return None if len(items) > 1 else [error.error]
    except QwaveError:
        raise
    except Exception as error:  # noqa: BLE001  # an item's failure becomes a recorded outcome
        return None if len(items) > 1 else [ScoreError(RAISED, f"it raised {error_text(error)}")]
    if len(outcomes) != len(items):
        message = f"it gave {len(outcomes)} outcomes for {len(items)} item{'s' if len(items) > 1 else ''}"
        return None if len(items) > 1 else [ScoreError(BAD_ANSWER, message)]
    return outcomes


_NO_ANSWER = ScoreError(BAD_ANSWER, "it gave no outcome")


def checked_outcome(facts: ScorerFacts, outcome: object) -> Outcome:
    """Return an outcome that keeps what the scorer states, or the error that says which statement it breaks."""
    if isinstance(outcome, ScoreError):
        return replace(outcome, code=str(outcome.code)[:_SHOWN], message=str(outcome.message)[:_MOST_MESSAGE])
    if not isinstance(outcome, Score):
        return ScoreError(BAD_ANSWER, f"it gave {_cut(repr(outcome))}, neither a Score nor a ScoreError")
    try:
        fault = _fault_of_score(facts, outcome)
    except Exception as error:  # noqa: BLE001  # the values are of others
        fault = f"its answer can't be read: {error_text(error)}"
    if fault is not None:
        return ScoreError(BAD_ANSWER, fault)
    return Score({name: plain_number(number) for name, number in outcome.numbers.items()}, outcome.details)


def _fault_of_score(facts: ScorerFacts, score: Score) -> str | None:
    if not score.numbers:
        return "it gave no number"
    for name, number in score.numbers.items():
        output = facts.outputs.get(name)
        if output is None:
            return f"it gave the output {_cut(repr(name))}, and states {', '.join(facts.outputs)}"
        if not _is_number(number):
            return f"{name} is {_cut(repr(number))}, not a number"
        if not output.takes(float(number)):
            return f"{name} is {float(number)!r}, outside its range {_range(output)}"
    return None if score.details is None else _fault_of_details(score.details)


def _is_number(value: object) -> bool:
    """Whether a value is a number, also one of a library's own class."""
    return hasattr(value, "__float__") and not isinstance(value, bool)


def plain_number(number: float) -> float:
    """Return a number as JSON has it."""
    return number if type(number) is int else float(number)


def _fault_of_details(details: Any) -> str | None:
    try:
        size = len(json.dumps(details, allow_nan=False))
    except (ValueError, TypeError, RecursionError):
        size = None
    if size is None or not isinstance(details, dict):
        return "its details are not an object of JSON"
    return None if size <= _MOST_DETAILS else f"its details have {size:,} characters, more than {_MOST_DETAILS:,}"


def _range(output: Output) -> str:
    least, most = output.range
    return f"{'any' if least is None else least} to {'any' if most is None else most}"


def error_text(error: BaseException) -> str:
    """Return an error of somebody else's code in one short line."""
    return _cut(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
