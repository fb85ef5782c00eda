"""Checks of how stages follow each other: names, parents, cycles, and prompts for those that have no parent."""

from collections.abc import Iterator, Mapping, Sequence

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.spec.stage_blocks import StageText, Staging
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceMap


def order_problems(staging: Staging) -> Iterator[Problem]:
    """Yield what is wrong with how the stages follow each other."""
    named: dict[str, StageText] = {}
    for stage in staging.stages:
        if stage.name in named:
            place = named[stage.name].block_map.place(("name",))
            yield _at(stage.block_map, ("name",), f'the name "{stage.name}" is already used at {place}')
        elif stage.name is not None:
            named[stage.name] = stage
    for stage in staging.stages:
        if stage.from_stage is not None:
            yield from _parent_problems(stage, named)
        elif "prompts" not in stage.block and "prompts" not in _mapping(staging.outside.value):
            yield _without_prompts(stage, [name for name in named if name != stage.name])
    yield from _cycles(named)


def outside_warnings(staging: Staging) -> Iterator[Problem]:
    """Yield the warning that no stage makes the prompts that stand outside of them."""
    outside = _mapping(staging.outside.value)
    if outside.get("prompts") and not any(stage.has_prompts_of_outside for stage in staging.stages):
        source_map = SourceMap(staging.outside.mark)
        yield Problem(
            message="no stage makes these prompts: each has its own, or those of its parents",
            path="prompts",
            place=source_map.key_place(("prompts",)),
            value="prompts",
            suggestion="move them into the stage that they are for, or take them out",
            severity="warning",
        )


def parents_first(stages: Sequence[StageText]) -> list[StageText]:
    """Return the stages in the order of the plan: parents before their children, else as written.

    A stage whose parent is not among them, or that is in a cycle, is left out, and so are those that follow from it.
    """
    placed: dict[str | None, StageText] = {}
    waiting = list(stages)
    while ready := next((one for one in waiting if one.from_stage is None or one.from_stage in placed), None):
        waiting.remove(ready)
        placed.setdefault(ready.name, ready)
    return list(placed.values())


def _parent_problems(stage: StageText, named: Mapping[str, StageText]) -> Iterator[Problem]:
    parent, where = str(stage.from_stage), ("from_stage",)
    if not parent.strip():
        return
    others = [name for name in named if name != stage.name]
    if parent == stage.name:
        hint = "name another stage, or start from prompts"
        yield _at(stage.block_map, where, f'the stage "{parent}" cannot be its own parent', parent, hint)
    elif parent not in named:
        guess = nearest(parent, others)
        meant = f'did you mean "{guess}"?' if guess else None
        yield _at(stage.block_map, where, f'there is no stage "{parent}"', parent, meant, allowed=tuple(others))


def _without_prompts(stage: StageText, others: Sequence[str]) -> Problem:
    hint = f"add prompts, or from_stage: {others[0]}" if others else "add prompts"
    return _at(stage.block_map, (), "the stage has neither prompts nor from_stage, so it makes nothing", None, hint)


def _cycles(named: Mapping[str, StageText]) -> Iterator[Problem]:
    """Yield each cycle once, at the first of its stages."""
    told: set[str] = set()
    for name, stage in named.items():
        chain = [name]
        while (parent := str(named[chain[-1]].from_stage)) in named and parent not in chain:
            chain.append(parent)
        if parent != name or len(chain) == 1 or name in told:
            continue
        told.update(chain)
        circle = " -> ".join((*chain, name))
        message = f"the stages follow from each other in a cycle: {circle}"
        yield _at(stage.block_map, ("from_stage",), message, parent, "start one of them from prompts")


def _at(
    source_map: SourceMap,
    path: ValuePath,
    message: str,
    value: Json = None,
    suggestion: str | None = None,
    allowed: tuple[Json, ...] = (),
) -> Problem:
    return Problem(
        message=message,
        path=source_map.path_text(path),
        place=source_map.place(path),
        value=value,
        allowed=allowed,
        suggestion=suggestion,
    )


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
