"""The capacity of a run for people: its bounds, what rules, and what would help."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, assert_never

import qwave_batch as qb
from qwave_batch.cli.drawing.amounts import count, duration, size, usd
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal

if TYPE_CHECKING:
    from qwave_batch.plans import Capacity, CapacityBound, KnownFigure, MoneyLeft, SeenModel


def draw_capacity(capacity: "Capacity", terminal: Terminal) -> list[str]:
    """Return the figures by model, and the bounds, each with how long the run would take by it alone."""
    if not capacity.load.jobs:
        return []
    figures = [Column("model", gives_way=True), *(Column(name, right=True) for name in _FIGURES)]
    bounds = [Column("bound"), Column("alone", right=True), Column("by", gives_way=True)]
    return [
        *draw_table(figures, _figure_rows(capacity), terminal),
        "",
        *draw_table(bounds, _bound_rows(capacity), terminal),
        "",
    ]


def markdown_capacity(capacity: "Capacity") -> list[str]:
    """Return the same as tables of markdown."""
    if not capacity.load.jobs:
        return []
    return [
        *_markdown(["model", *_FIGURES], _figure_rows(capacity)),
        "",
        *_markdown(["bound", "alone", "by"], _bound_rows(capacity)),
        "",
    ]


def capacity_facts(capacity: "Capacity") -> list[tuple[str, str]]:
    """Return what the bounds come to: a label and a sentence each."""
    if not capacity.load.jobs:
        return [("bound", "nothing is left to make")]
    return [
        ("bound", _ruling_words(capacity)),
        ("workers", _worker_words(capacity)),
        ("line", _line_words(capacity)),
        *([("money", _money_words(capacity, capacity.money))] if capacity.money and capacity.money.is_short else []),
        ("folder", _folder_words(capacity)),
    ]


_FIGURES = ("jobs left", "a task", "an image", "processor an image")


def _figure_rows(capacity: "Capacity") -> list[list[str]]:
    """Return a row for each model: each figure with how it is known."""
    rows = []
    for work in capacity.load.models:
        if work.jobs and work.image_bytes and work.image_cpu:
            image, cpu = work.image_bytes, work.image_cpu
            rows.append(
                [
                    work.model,
                    f"{work.jobs:,}",
                    f"{duration(work.latency.value)} {work.latency.basis.value}",
                    f"{size(round(image.value))} {image.basis.value}",
                    f"{cpu.value * 1000:.1f} ms {cpu.basis.value}",
                ]
            )
    return rows


def _bound_rows(capacity: "Capacity") -> list[list[str]]:
    return [[_name(bound), _took(bound.seconds), _by(bound, capacity)] for bound in capacity.bounds]


def _markdown(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines]


def _name(bound: "CapacityBound") -> str:
    kind = qb.plans.BoundKind
    match bound.kind:
        case kind.TASK:
            return "one task" if bound.tasks == 1 else f"chain of {bound.tasks} tasks"
        case kind.RATE:
            return "rate"
        case kind.SLOTS:
            return "slots"
        case kind.DOWNLOAD:
            return "line"
        case kind.IMAGE_CPU:
            return "image work"
        case kind.COORDINATOR:
            return "coordinator"
        case _:
            assert_never(bound.kind)


def _by(bound: "CapacityBound", capacity: "Capacity") -> str:  # noqa: PLR0911 - one for each kind
    """Return the limit behind a bound, and how it is known."""
    kind, limit, load = qb.plans.BoundKind, bound.limit, capacity.load
    whose = f"of {bound.model}" if bound.model else "of the account"
    if limit is None:
        return ""
    match bound.kind:
        case kind.TASK:
            each = "" if bound.tasks == 1 else f"{duration(limit.value)} each, as of "
            return f"{each}{bound.model}, {_known(limit)}"
        case kind.RATE:
            return f"{_number(limit.value)} requests a minute {whose}, {_known(limit)}"
        case kind.SLOTS:
            tasks = f"{_number(limit.value)} tasks at once {whose}, {_known(limit)}"
            return f"up to {tasks}" if _is_found_out(bound, capacity) else tasks
        case kind.DOWNLOAD:
            return f"{size(round(load.bytes))} over {_number(limit.value)} Mbit a second, {_known(limit)}"
        case kind.IMAGE_CPU:
            here = f"{count(int(limit.value), 'processor')} of this machine"
            whom = here if load.means.workers is None else count(int(limit.value), "worker")
            return f"{_took(load.cpu_s)} of work on images, {whom}"
        case kind.COORDINATOR:
            return f"{limit.value * 1000:.1f} ms a job in one process, {_known(limit)}"
        case _:
            assert_never(bound.kind)


def _is_found_out(bound: "CapacityBound", capacity: "Capacity") -> bool:
    """Whether a run begins with fewer slots and finds out how many there are."""
    works = {work.model: work.slots for work in capacity.load.models}
    slots = works.get(bound.model) if bound.model else capacity.load.means.slots
    return slots is not None and slots.first is not None


def _known(figure: "KnownFigure") -> str:
    """Return how a figure is known."""
    source = qb.plans.FigureSource
    match figure.source:
        case source.FOLDER:
            return f"measured in the folder ({figure.samples:,})"
        case source.SPEC:
            return "stated in the spec"
        case source.OPTION:
            return "as given"
        case source.REQUEST:
            return "assumed by what is asked for"
        case source.MACHINE:
            return "of this machine"
        case source.DEFAULT:
            return "assumed"
        case _:
            assert_never(figure.source)


def _ruling_words(capacity: "Capacity") -> str:
    """Return what rules, and what would help."""
    kind, ruling, following = qb.plans.BoundKind, capacity.ruling, capacity.next_bound
    left, planned = capacity.load.jobs, capacity.planned_jobs
    jobs = count(left, "job") if left == planned else f"the {count(left, 'job')} that are left of {planned:,}"
    about = f"about {duration(ruling.seconds)} for {jobs}"
    if ruling.kind is kind.TASK:
        name = _name(ruling) if ruling.tasks == 1 else f"the {_name(ruling)}"
        return f"{about}: {name} takes as long, and nothing else holds the run up"
    text = f"{about}: the {_name(ruling)} {_rules(ruling)}: {_by(ruling, capacity)}"
    if ruling.kind is kind.SLOTS and _is_found_out(ruling, capacity):
        text += "; the run begins with 16 and finds out how many it may have, which limits.concurrency saves"
    if following is None:
        return text
    return f"{text}; with more of that, the {_name(following)} would hold the run up, at {duration(following.seconds)}"


def _rules(bound: "CapacityBound") -> str:
    return "hold it up" if bound.kind is qb.plans.BoundKind.SLOTS else "holds it up"


def _worker_words(capacity: "Capacity") -> str:
    """Return how many workers are worth having, and why not more."""
    rest, worth = capacity.rest, capacity.workers_worth
    why = f"the {_name(rest)} {_takes(rest)} {duration(rest.seconds)} however many there are"
    if not capacity.needs_workers:
        work = _took(capacity.load.cpu_s)
        return f"none: the {work} of work on images fit on this machine beside the rest; more would not help, for {why}"
    here = duration(capacity.seconds_here)
    if rest.kind is qb.plans.BoundKind.COORDINATOR and worth:
        why += ", as there is one coordinator"
    return (
        f"{worth:,} {'is' if worth == 1 else 'are'} worth having, for about {duration(_with_worth(capacity))} in place "
        f"of {here} on this machine alone; more would not help, for {why}"
    )


def _takes(bound: "CapacityBound") -> str:
    return "take" if bound.kind is qb.plans.BoundKind.SLOTS else "takes"


def _with_worth(capacity: "Capacity") -> float:
    found = {each.workers: each.seconds for each in capacity.by_workers()}
    return found.get(capacity.workers_worth, capacity.seconds)


def _line_words(capacity: "Capacity") -> str:
    total, needed = size(round(capacity.load.bytes)), _number(capacity.mbit_per_s)
    text = f"{count(capacity.load.images, 'image')} of {total} in all come at {needed} Mbit a second"
    if capacity.load.means.line is None:
        return f"{text}; --bandwidth says what the line carries"
    return text


def _money_words(capacity: "Capacity", money: "MoneyLeft") -> str:
    """Return where the budget ends the run."""
    return (
        f"the budget leaves {usd(money.left_nusd)} of {usd(money.wanted_nusd)}, so that a run sends nothing; with "
        f"--until-budget it ends after about {duration(capacity.paid_seconds)} and {count(capacity.paid_jobs, 'job')}"
    )


def _folder_words(capacity: "Capacity") -> str:
    """Return what was measured in the folder."""
    measures = capacity.measures
    if measures.folder is None:
        return "no run folder yet, so nothing of this is measured: a trial with --limit 50 measures it"
    tasks = sum(seen.latency.samples for seen in measures.by_model.values() if seen.latency)
    parts = [f"{count(tasks, 'task')} in {measures.folder}"]
    parts += ["made with the simulator, whose latency is not the API's"] if measures.is_simulated else []
    parts += [_reached_words(measures.most_per_minute, measures.most_alive)] if measures.most_per_minute else []
    parts += list(_throttle_words(measures.by_model.items()))
    parts += [f"submits waited {duration(seconds)} ({kind})" for kind, seconds in measures.waited_s.items()]
    return "; ".join(parts)


def _reached_words(per_minute: "KnownFigure | None", alive: "KnownFigure | None") -> str:
    rate = _number(per_minute.value) if per_minute else "0"
    return f"at most {rate} submits in a minute and {_number(alive.value) if alive else '0'} tasks at once"


def _throttle_words(seen: "Iterable[tuple[str, SeenModel]]") -> Iterator[str]:
    for model, each in seen:
        if each.throttled:
            yield f"{count(each.throttled, '429')} for {model} in the newest run"


def _took(seconds: float) -> str:
    return duration(seconds) if seconds >= 0.1 else f"{seconds * 1000:.0f} ms"  # noqa: PLR2004


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"  # noqa: PLR2004
