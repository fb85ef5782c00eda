"""The blocks of ``stages``, each of them laid over what stands outside as ``extends`` lays a spec over its base."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, first_problems
from qwave_batch.spec.layers import Layer, merge_layers, without, without_removals
from qwave_batch.spec.structure import block_problems, block_with_known_keys, is_structured, structure_problems
from qwave_batch.spec.values.value_path import path_text, steps_of
from qwave_batch.spec.yaml.source_map import Mark, SourceMap, StageBlock

MOST_STAGES = 50
"""By the schema."""
_OF_STAGE = ("from_stage", "where", "pick")
"""Keys that say where a stage's jobs come from."""
_OF_PROMPT = ("text", "id", "tags", "meta")
"""Keys of the only prompt of a stage that has no ``prompts``."""
_SOUND = {"name": "sound"}
_ANY_TEXT = "x"
_WITHOUT_OUTSIDE: dict[str, Json] = {"version": 1, "name": "sound", "catalog": "2026-01", "prompts": [_ANY_TEXT]}
"""Keys that the spec of a stage needs; that they are missing is reported once, for the whole spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageText:
    """A stage as it is written."""

    position: int
    """Its place in ``stages``, from 0."""
    block: Mapping[str, Any]
    """Its block, with unknown keys renamed or dropped."""
    block_map: SourceMap
    """The places of the block."""
    whole: Layer
    """The block laid over what stands outside, as a spec of its own."""
    source_map: SourceMap
    """The places of the whole."""

    @property
    def name(self) -> str | None:
        """The name, if it is text."""
        return _text(self.block.get("name"))

    @property
    def from_stage(self) -> str | None:
        """The stage that it names as its parent, if it is text."""
        return _text(self.block.get("from_stage"))

    @property
    def has_own_prompt(self) -> bool:
        """Whether its own keys are those of its only prompt."""
        return _has_own_prompt(self.block)

    @property
    def has_prompts_of_outside(self) -> bool:
        """Whether it makes the prompts that stand outside of ``stages``."""
        return "from_stage" not in self.block and "prompts" not in self.block

    @property
    def checkable(self) -> dict[str, Any]:
        """The whole as a spec that the schema of specs knows: its own prompt has a text in any case."""
        value: dict[str, Any] = dict(self.whole.value) if isinstance(self.whole.value, Mapping) else {}
        if self.has_own_prompt:
            value["prompts"] = [{"text": _ANY_TEXT, **entry} for entry in value["prompts"]]
        return value

    def own_problems(self, outside: Json) -> list[Problem]:
        """Return what is wrong with the structure of the block."""
        block = without_removals(Layer(self.block, self.block_map.root), outside)
        return block_problems(block, self.block_map)

    def merged_problems(self) -> list[Problem]:
        """Return what is wrong with the structure of the whole."""
        # the name of the spec is looked at once, with the rest
        return structure_problems({**_WITHOUT_OUTSIDE, **self.checkable, **_SOUND}, self.source_map)

    def own(self, problems: Sequence[Problem]) -> list[Problem] | None:
        """Return the problems that concern the stage, with their paths in the whole.

        None if one of them leaves open where its jobs come from.
        """
        found: list[Problem] = []
        for problem in problems:
            steps = steps_of(problem.path)
            if steps[:2] == ("stages", self.position):
                where = steps[2:]
                if not where or where[0] in {"name", *_OF_STAGE}:
                    return None
                if self.has_own_prompt and where[0] in _OF_PROMPT:
                    where = ("prompts", 0, *where)
            elif steps[:1] != ("stages",) and self.source_map.path_in_stage(steps) is None:
                where = steps
            else:
                continue
            found.append(replace(problem, path=path_text(where)))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """The stages of a spec as they are written, and what stands outside of them."""

    outside: Layer
    stages: tuple[StageText, ...]
    """Those whose blocks are mappings."""
    misnamed: tuple[Problem, ...]
    """The problems of unknown keys in blocks."""

    def problems(self) -> list[Problem]:
        """Return the problems of the blocks' structure, or else of what they make of what stands outside."""
        outside = self.outside.value
        found = [problem for stage in self.stages for problem in stage.own_problems(outside)]
        if not found and isinstance(outside, Mapping) and is_structured({**_WITHOUT_OUTSIDE, **outside, **_SOUND}):
            found = [problem for stage in self.stages for problem in stage.merged_problems()]
        return first_problems(found)


def read_stages(layer: Layer) -> Staging | None:
    """Return the stages of a spec; None for a spec without a list of stages."""
    blocks = layer.value.get("stages") if isinstance(layer.value, Mapping) else None
    if not isinstance(blocks, list):
        return None
    outside = without(layer, "stages", "extends")
    stages: list[StageText] = []
    misnamed: list[Problem] = []
    for position, block in enumerate(blocks[:MOST_STAGES]):
        mark = layer.mark.below["stages"].below[position]
        if isinstance(block, Mapping):
            known, wrong = block_with_known_keys(Layer(block, mark), _block_map(position, mark))
            misnamed += wrong
            stages.append(_stage(position, known, outside))
    return Staging(outside=outside, stages=tuple(stages), misnamed=tuple(first_problems(misnamed)))


def with_sound_blocks(value: Json) -> Json:
    """Return a spec in whose stages nothing is wrong that ``Staging.problems`` reports; any other unchanged."""
    blocks = value.get("stages") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(blocks, list):
        return value
    return {**value, "stages": [_SOUND if isinstance(block, Mapping) else block for block in blocks]}


def _stage(position: int, block: Layer, outside: Layer) -> StageText:
    value: Mapping[str, Json] = block.value if isinstance(block.value, Mapping) else {}
    base = without(outside, "prompts") if "from_stage" in value else outside
    whole = merge_layers(without(block, "name", *_OF_STAGE, *_OF_PROMPT), base)
    below = dict(whole.mark.below)
    fields = dict(whole.value) if isinstance(whole.value, Mapping) else {}
    if _has_own_prompt(value):
        keys = [key for key in _OF_PROMPT if key in value]
        entry = Mark(place=block.mark.place, below={key: block.mark.below[key] for key in keys})
        fields["prompts"] = [{key: value[key] for key in keys}]
        below["prompts"] = Mark(place=block.mark.place, below={0: entry})
    below |= {key: block.mark.below[key] for key in _OF_STAGE if key in value}
    mark = replace(whole.mark, below=below)
    source_map = SourceMap(mark, StageBlock(position, block.mark, is_prompt=_has_own_prompt(value)))
    return StageText(
        position=position,
        block=value,
        block_map=_block_map(position, block.mark),
        whole=Layer(fields, mark),
        source_map=source_map,
    )


def _block_map(position: int, mark: Mark) -> SourceMap:
    return SourceMap(mark, StageBlock(position, mark))


def _has_own_prompt(block: Mapping[str, Json]) -> bool:
    return "from_stage" in block and "prompts" not in block


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
