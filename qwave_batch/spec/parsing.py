"""Turns a spec that is valid by its schema into frozen data."""

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from qwave_batch.model.store_url import StoreUrl, read_store_url
from qwave_batch.model.terms import Completion, Limits, ModelLimits, Terms
from qwave_batch.spec.document import (
    DEFAULT_OUTPUT_PATH,
    Axis,
    AxisValues,
    ImageFiles,
    IntegerRange,
    Matrix,
    PromptEntry,
    RandomSeeds,
    Sample,
)
from qwave_batch.spec.table.tables import Table

# Any, since the schema has checked every type below
Fields = Mapping[str, Any]

_NO_AXES = ("exclude", "include")


def parse_catalog_date(catalog: str | Fields) -> str:
    """Return the date of a spec's catalog, which may be a mapping with an overlay."""
    return catalog if isinstance(catalog, str) else str(catalog["date"])


def parse_prompts(
    prompts: Sequence[Any], tables: Mapping[int, Table], *, without: Collection[int] = ()
) -> tuple[PromptEntry, ...]:
    """Return the prompts in order, each with its table if it has one, except for the positions in ``without``."""
    return tuple(
        PromptEntry(position=position, is_short=True, text=prompt)
        if isinstance(prompt, str)
        else _prompt(position, prompt, tables.get(position))
        for position, prompt in enumerate(prompts)
        if position not in without
    )


def _prompt(position: int, fields: Fields, table: Table | None) -> PromptEntry:
    where: str | None = fields.get("where")
    return PromptEntry(
        position=position,
        text=fields.get("text"),
        id=fields.get("id"),
        vars=fields.get("vars", {}),
        tags=tuple(fields.get("tags", ())),
        meta=fields.get("meta", {}),
        request=fields.get("request", {}),
        source=fields.get("from"),
        table=table,
        where=where.strip() if where else None,  # a line break after the expression would turn it into text
        sample=parse_sample(fields.get("sample")),
        limit=_whole(fields.get("limit")),
    )


def parse_sample(fields: Fields | None) -> Sample | None:
    """Return a sample, or None for None."""
    return Sample(count=int(fields["count"]), seed=int(fields.get("seed", 0))) if fields else None


def parse_images(spec: Fields) -> int | None:
    """Return how many images each prompt is to have of each combination; None if the spec does not say."""
    return _whole(spec.get("images"))


def parse_matrix(fields: Fields) -> Matrix:
    """Return the matrix with its axes in the order written."""
    return Matrix(
        axes=tuple(Axis(name=name, values=_values(axis)) for name, axis in fields.items() if name not in _NO_AXES),
        exclude=tuple(fields.get("exclude", ())),
        include=tuple(fields.get("include", ())),
    )


def _values(axis: Any) -> AxisValues:
    match axis:
        case str():
            return axis.strip()
        case {"random": drawn}:
            return RandomSeeds(count=int(drawn["count"]), seed=int(drawn.get("seed", 0)))
        case {"from": str(pattern)}:
            return ImageFiles(pattern=pattern)
        case {"start": start, "count": count}:
            return IntegerRange(start=int(start), count=int(count), step=int(axis.get("step", 1)))
        case _:
            return tuple(axis)


def parse_terms(spec: Fields) -> Terms:
    """Return the terms of the run, with defaults for missing keys."""
    limits: Fields = spec.get("limits", {})
    plain = Terms()
    return Terms(
        limits=Limits(
            concurrency=_whole(limits.get("concurrency")),
            requests_per_minute=_whole(limits.get("requests_per_minute")),
            count_polls=limits.get("count_polls", False),
            models={
                name: ModelLimits(
                    concurrency=_whole(own.get("concurrency")),
                    requests_per_minute=_whole(own.get("requests_per_minute")),
                )
                for name, own in limits.get("models", {}).items()
            },
        ),
        retry_attempts=int(spec.get("retry", {}).get("attempts", plain.retry_attempts)),
        timeout_s=float(spec.get("timeout", plain.timeout_s)),
        completion=Completion(spec.get("completion", plain.completion)),
        max_usd=spec.get("budget", {}).get("max_usd"),
    )


def parse_output_path(spec: Fields) -> str:
    """Return the template of paths, or the default."""
    path: str = spec.get("output", {}).get("path", DEFAULT_OUTPUT_PATH)
    return path


def parse_output_folder(spec: Fields, beside: Path) -> Path | None:
    """Return the absolute run folder, which is relative to ``beside``; None if the spec does not set it."""
    folder: str | None = spec.get("output", {}).get("folder")
    return None if folder is None else Path(os.path.abspath(beside / folder))  # noqa: PTH100 - no link is followed


def parse_output_store(spec: Fields) -> StoreUrl | None:
    """Return the object store that has the results of a run; None if the spec does not set it."""
    store: str | None = spec.get("output", {}).get("store")
    return None if store is None else read_store_url(store)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)  # the schema accepts 4.0 as 4, as JSON does
