"""``stages`` of a plan's header: where the jobs of each stage come from, and what is decided later."""

from collections.abc import Iterator, Sequence
from typing import Any

from qwave_batch.model.codec import Codec, DecodeError, Key
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.planned_stage import ParentPick, PlannedStage
from qwave_batch.plan.expand.later_where import LaterWhere, is_decided_later
from qwave_batch.spec.template.templates import TemplateFault

_IF_SET = Key(is_default_written=False)
_STAGES = Codec(
    {
        PlannedStage: dict.fromkeys(("from_stage", "where", "variables", "pick"), _IF_SET),
        ParentPick: dict.fromkeys(("per", "lowest"), _IF_SET),
    }
)


def stages_as_json(stages: Sequence[PlannedStage]) -> list[Json]:
    """Return the value of ``stages``."""
    return [_STAGES.encode(stage) for stage in stages]


def stages_from_json(value: Any) -> tuple[PlannedStage, ...]:
    """Return the stages of a header.

    Raises:
        ValueError: This program does not write such stages; its text continues ``stages: ``.
    """
    if not isinstance(value, list):
        raise ValueError("expected a list")  # noqa: TRY004 - a fault of a file, as all others
    stages: list[PlannedStage] = []
    for number, item in enumerate(value):
        try:
            stage = _STAGES.decode(item, PlannedStage)
        except DecodeError as error:
            raise ValueError(f"[{number}]: {error}") from None
        fault = next(_faults(stage, [before.name for before in stages]), None)
        if fault is not None:
            raise ValueError(f"[{number}]: {fault}")
        stages.append(stage)
    return tuple(stages)


def _faults(stage: PlannedStage, before: Sequence[str]) -> Iterator[str]:
    if not stage.name or stage.name in before:
        yield "each has a name of its own"
    if stage.from_stage is None and stage.is_decided_later:
        yield "where and pick need a from_stage"
    if stage.from_stage is not None and stage.from_stage not in before:
        yield "from_stage names no stage before it"
    if stage.pick is not None and (stage.pick.n < 1 or not stage.pick.by.strip() or not stage.pick.per):
        yield "pick takes at least one, by a score, per prompt"
    if stage.where is not None:
        yield from _where_faults(stage.where, stage.variables)


def _where_faults(where: str, variables: JsonObject) -> Iterator[str]:
    try:
        later = LaterWhere.of(where, variables)
    except TemplateFault as fault:
        yield f"where: {fault.message}"
        return
    if not is_decided_later(later.template):
        yield "where asks nothing that is known only later"
