"""Whether the facts that a scorer states are what the contract asks for; they may come from code of others."""

from collections.abc import Iterator, Mapping
from typing import Any

from qwave_batch.errors import UsageError
from qwave_batch.model.job_identity import canonical
from qwave_batch.scoring.answer_check import error_text
from qwave_batch.scoring.score_lines import NAME_RULE, SCORE_NAME
from qwave_batch.scoring.scorer import Level, Need, Output, PaidScorer, Scorer


def checked_scorer(candidate: object, named: str) -> Scorer | PaidScorer:
    """Return a scorer whose facts are right.

    Args:
        candidate: The object that its author has made.
        named: Its name in messages.

    Raises:
        UsageError: it is not a scorer, with what is wrong.
    """
    try:
        fault = next(_faults(candidate), None)
    except Exception as error:  # noqa: BLE001  # the facts are code of others
        fault = f"its facts can't be read: {error_text(error)}"
    if fault is not None or not isinstance(candidate, Scorer | PaidScorer):
        raise UsageError(f"{named} is not a scorer: {fault or 'it has neither score nor score_all'}")
    return candidate


def _faults(facts: Any) -> Iterator[str]:
    for name in ("name", "version", "level", "needs", "outputs", "batch", "params", "price"):
        if not hasattr(facts, name):
            yield f"it has no {name}"
    if not (isinstance(facts.name, str) and SCORE_NAME.fullmatch(facts.name)):
        yield f"its name is {facts.name!r}, and a name is {NAME_RULE}"
    if not (isinstance(facts.version, str) and facts.version.strip()):
        yield f"its version is {facts.version!r}, not a text"
    if facts.level not in set(Level):
        yield f"its level is {facts.level!r}, not one of {', '.join(Level)}"
    if strange := sorted(map(str, set(facts.needs) - set(Need))):
        yield f"it needs {strange[0]!r}, and items have {', '.join(Need)}"
    if isinstance(facts.batch, bool) or not (isinstance(facts.batch, int) and facts.batch >= 1):
        yield f"its batch is {facts.batch!r}, not a number of 1 or more"
    yield from _faults_of_outputs(facts.outputs)
    yield from _faults_of_params(facts.params)


def _faults_of_outputs(outputs: Any) -> Iterator[str]:
    if not (isinstance(outputs, Mapping) and outputs):
        yield "it states no outputs"
        return
    for name, output in outputs.items():
        if not (isinstance(name, str) and SCORE_NAME.fullmatch(name)):
            yield f"an output is named {name!r}, and a name is {NAME_RULE}"
        if not isinstance(output, Output):
            yield f"its output {name} is {output!r}, not an Output"


def _faults_of_params(params: Any) -> Iterator[str]:
    if not isinstance(params, Mapping):
        yield "its params are not an object"
        return
    try:
        canonical(dict(params))
    except ValueError as error:
        yield f"its params are not JSON: {error}"
