"""Puts a spec together from what was read and checked: the spec itself, and one for each of its stages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qwave_batch.model.planned_stage import ParentPick
from qwave_batch.model.problem import Problem
from qwave_batch.spec.document import Duplicates, PromptEntry, Spec, SpecStage, Unsupported
from qwave_batch.spec.parsing import (
    parse_catalog_date,
    parse_images,
    parse_matrix,
    parse_output_path,
    parse_prompts,
    parse_sample,
    parse_terms,
)
from qwave_batch.spec.recovery import RecoveredSpec, recover
from qwave_batch.spec.sections import SpecSections
from qwave_batch.spec.stage_blocks import StageText, Staging
from qwave_batch.spec.stage_checks import parents_first
from qwave_batch.spec.table.tables import Table

_ANY_PROMPTS = ("x",)
_OF_STAGES = ("stages[", "prompts", "matrix")
"""Begin paths to what only stages use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredStage:
    """A stage whose mistakes are taken out."""

    text: StageText
    rest: RecoveredSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecRest:
    """The rest of a spec when its mistakes are taken out: all of it, if there are none."""

    whole: RecoveredSpec
    stages: tuple[RecoveredStage, ...] = ()
    """Parents before their children."""
    is_partial: bool
    """Whether prompts or stages are missing."""


def rest_of(value: dict[str, Any], staging: Staging | None, faulty: Sequence[Problem] | None) -> SpecRest | None:
    """Return what is left of a spec; None if too much of it is faulty.

    Args:
        value: The whole spec.
        staging: Its stages, if it has any.
        faulty: The problems to take out; None for a spec without any.
    """
    if staging is None:
        whole = _recovered(value, faulty)
        return None if whole is None else SpecRest(whole=whole, is_partial=bool(whole.lost_prompts))
    outside = {key: item for key, item in value.items() if key not in {"stages", "prompts", "matrix"}}
    outside["prompts"] = list(_ANY_PROMPTS)
    shared = _recovered(outside, faulty and [found for found in faulty if not found.path.startswith(_OF_STAGES)])
    rests = {stage.position: _recovered_stage(stage, faulty) for stage in staging.stages}
    found = {position: stage for position, stage in rests.items() if stage}
    kept = tuple(found[stage.position] for stage in parents_first([stage.text for stage in found.values()]))
    if shared is None or not kept:
        return None
    is_partial = len(kept) < len(value["stages"]) or any(stage.rest.lost_prompts for stage in kept)
    return SpecRest(whole=shared, stages=kept, is_partial=is_partial)


def _recovered_stage(stage: StageText, faulty: Sequence[Problem] | None) -> RecoveredStage | None:
    own = None if faulty is None else stage.own(faulty)
    if stage.name is None or (own is None and faulty is not None):
        return None
    rest = _recovered(stage.checkable, own)
    return None if rest is None else RecoveredStage(text=stage, rest=rest)


def _recovered(value: dict[str, Any], faulty: Sequence[Problem] | None) -> RecoveredSpec | None:
    return RecoveredSpec(value=value) if faulty is None else recover(value, faulty)


def assembled(rest: SpecRest, sections: SpecSections, common: Mapping[str, Any], **own: Any) -> Spec:
    """Return the spec, with one of its own for each stage.

    Args:
        rest: The spec, or the part of it that is left.
        sections: Its parts, with their tables.
        common: The fields that each stage has as the spec has them.
        own: The other fields of the spec itself.
    """
    if not rest.stages:
        return Spec(**common, **own, **_parts(rest.whole, sections.outside.tables))
    parts = {**_parts(rest.whole, {}), "prompts": ()}
    return Spec(**common, **own, **parts, stages=tuple(_stage(stage, sections, common) for stage in rest.stages))


def _stage(stage: RecoveredStage, sections: SpecSections, common: Mapping[str, Any]) -> SpecStage:
    text = stage.text
    parts = _parts(stage.rest, sections.tables_of(text))
    if text.has_own_prompt:
        parts["prompts"] = tuple(_as_written(entry, text) for entry in parts["prompts"])
    spec = Spec(**common, source_map=text.source_map, notes=tuple(text.source_map.root.notes()), **parts)
    where: str | None = text.block.get("where")
    return SpecStage(
        name=text.name or "",
        position=text.position,
        spec=spec,
        from_stage=text.from_stage,
        where=where.strip() if where else None,
        pick=_pick(text.block.get("pick")),
    )


def _as_written(entry: PromptEntry, text: StageText) -> PromptEntry:
    """Return the only prompt of a stage; without a text of its own it has none."""
    return replace(entry, text=text.block.get("text"))


def _pick(fields: Mapping[str, Any] | None) -> ParentPick | None:
    if fields is None:
        return None
    plain = ParentPick(n=int(fields["n"]), by=fields["by"])
    return replace(plain, per=tuple(fields.get("per", plain.per)), lowest=fields.get("lowest", plain.lowest))


def _parts(sound: RecoveredSpec, tables: Mapping[int, Table]) -> dict[str, Any]:
    """Return the fields of a Spec that come from its value."""
    value = sound.value
    return {
        "name": value["name"],
        "description": value.get("description", ""),
        "catalog": parse_catalog_date(value["catalog"]),
        "vars": value.get("vars", {}),
        "request": value.get("request", {}),
        "prompts": parse_prompts(value["prompts"], tables, without=sound.lost_prompts),
        "matrix": parse_matrix(value.get("matrix", {})),
        "repeat": int(value.get("repeat", 1)),
        "images": parse_images(value),
        "duplicates": Duplicates(value.get("duplicates", "fold")),
        "unsupported": Unsupported(value.get("unsupported", "error")),
        "stable_addresses": value.get("identity", {}).get("addresses") == "stable",
        "sample": parse_sample(value.get("sample")),
        "terms": parse_terms(value),
        "output_path": parse_output_path(value),
    }
