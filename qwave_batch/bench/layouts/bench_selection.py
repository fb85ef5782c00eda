"""Reads run folders and takes the jobs of one benchmark, each model with one value of every axis."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from qwave_batch.bench.layouts.bench_rows import bench_row, benchmark_of
from qwave_batch.bench.layouts.bench_spool import BenchSpool
from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.work_progress import OnWork, WorkProgress
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.line_condition import lines_matching
from qwave_batch.output.manifest_line import ManifestLine

_NAMED = 6
"""Values of an axis that a message names."""
_LOOKS = "reading the folders"


@dataclass(slots=True)
class BenchSelection:
    """The jobs that were taken."""

    models: list[str] = field(default_factory=list)
    """In the order in which the folders have them."""
    not_met: int = 0
    """Jobs that the condition does not take."""
    of_others: dict[str, int] = field(default_factory=dict)
    """Jobs of other benchmarks, by name; under an empty one those of none."""
    _axes: dict[str, JsonObject] = field(default_factory=dict)
    _differing: dict[str, dict[str, list[Json]]] = field(default_factory=dict)

    def take_axes(self, line: ManifestLine) -> None:
        """Note the values of a job's axes."""
        known = self._axes.setdefault(line.model, line.axes)
        if known == line.axes:
            return
        for axis in {**known, **line.axes}:
            values = self._differing.setdefault(line.model, {}).setdefault(axis, [])
            for value in (known.get(axis), line.axes.get(axis)):
                if value not in values and len(values) <= _NAMED:
                    values.append(value)

    def check(self, benchmark: str, model: str | None) -> None:
        """Refuse what is not one benchmark, with one value of each axis for each model.

        Raises:
            UsageError, UnknownName: it is not.
        """
        if model is not None and model not in self.models:
            raise UnknownName("model", model, self.models, hint=f"the folders have {', '.join(self.models) or 'none'}")
        if not self.models:
            others = ", ".join(f"{name} ({jobs:,} jobs)" for name, jobs in self.of_others.items() if name)
            raise UsageError(
                f"no job in the folders is of the benchmark {benchmark}"
                + (f", but of {others}" if others else "")
                + (
                    "; the condition takes none"
                    if self.not_met
                    else "; a spec that is imported from its prompt files makes them"
                )
            )
        for of, axes in self._differing.items():
            varied = {axis: values for axis, values in axes.items() if len(values) > 1}
            if varied and model in {None, of}:
                raise _several_values(of, varied)


def select_jobs(
    readers: Sequence[FolderReader],
    spool: BenchSpool,
    *,
    benchmark: str,
    model: str | None,
    where: str | None,
    on_work: OnWork,
) -> BenchSelection:
    """Read the folders and put the jobs of a benchmark into the spool.

    Args:
        readers: The open folders.
        spool: An empty one.
        benchmark: The benchmark's name.
        model: The only model to take; None for all.
        where: A template expression over the names of a manifest line; None for all jobs.
        on_work: Told of the jobs that were read.

    Raises:
        UsageError: the condition, the jobs or their meta are not right.
        FolderError, StorageError: as ``FolderReader.lines`` does.
    """
    is_met: Callable[[ManifestLine], bool] = (lambda _: True) if where is None else lines_matching(where)
    selection, read = BenchSelection(), 0
    for folder, reader in enumerate(readers):
        for line in reader.lines():
            read += 1
            on_work(WorkProgress(done=read, doing=_LOOKS))
            name = benchmark_of(line)
            if name != benchmark:
                selection.of_others[name or ""] = selection.of_others.get(name or "", 0) + 1
            elif not is_met(line):
                selection.not_met += 1
            else:
                if line.model not in selection.models:
                    selection.models.append(line.model)
                if model in {None, line.model}:
                    selection.take_axes(line)
                    spool.add(bench_row(line), line, folder)
                else:
                    spool.add_row(bench_row(line), line)
    selection.check(benchmark, model)
    spool.count_sizes()
    return selection


def _several_values(model: str, varied: dict[str, list[Json]]) -> UsageError:
    told = "; ".join(
        f"{axis} is {' and '.join(json.dumps(value, ensure_ascii=False) for value in values[:_NAMED])}"
        + (" and more" if len(values) > _NAMED else "")
        for axis, values in varied.items()
    )
    axis, values = next(iter(varied.items()))
    value = "none" if values[0] is None else json.dumps(values[0], ensure_ascii=False)
    condition = f"axes['{axis}'] == {value}".replace('"', "'")
    return UsageError(
        f"the folders have several images of {model} for one place, as its jobs differ in more than the model: {told}",
        next_steps=[Advice(NextStep.SELECT_JOBS, condition)],
    )
