"""A plan's figures for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count, duration, usd
from qwave_batch.cli.drawing.plan_money import PRICE_PLACES, money_column, per_image
from qwave_batch.cli.drawing.plan_stages import choice_facts, stage_table
from qwave_batch.cli.drawing.samples import draw_samples
from qwave_batch.cli.drawing.table import Column, draw_table, fits
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.model.cost_range import NOTHING, CostRange

if TYPE_CHECKING:
    from qwave_batch.catalog import Overlay
    from qwave_batch.model.jsontypes import Json
    from qwave_batch.plans import AnyPlan, BudgetOutlook, JobSample

_SKIPS_SHOWN = 10
_LABEL = 8
_PRICE, _MOST = 3, 4
"""Columns of the table by model."""
_FROM, _IMAGES = 1, 3
"""Columns of the table by stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSheet:
    """A plan with all that is said of it."""

    plan: "AnyPlan"
    cost_by_model: Mapping[str, CostRange]
    """The cost of each model's jobs."""
    prices: str
    """The owner of the prices, to follow ``the prices of``."""
    seconds: float
    """About how long all of it takes."""
    seconds_by_model: Mapping[str, float]
    samples: "Sequence[JobSample]"
    """Jobs to look at."""

    assumed: "Mapping[str, Sequence[str]]"
    """The assumptions of the estimates, by model."""
    has_catalog_prices: bool = True
    """Whether the prices are those of the catalog, by which stages are priced too."""

    @property
    def cost(self) -> CostRange:
        """The cost of all of it."""
        return sum(self.cost_by_model.values(), start=NOTHING)


def draw_plan(sheet: PlanSheet, terminal: Terminal) -> list[str]:
    """Return the lines that say what would be made, what would not and why, and show some of it."""
    plan = sheet.plan
    head = f"{terminal.shown(plan.name)}  catalog {plan.catalog}"
    lines = [head.replace(plan.name, terminal.paint(plan.name, "bold"), 1), ""]
    lines += [*_draw_models(sheet, terminal), ""]
    lines += _draw_stages(sheet, terminal)
    lines += _draw_folded(plan, terminal)
    return [*lines, *_draw_skips(plan, terminal), *draw_samples(sheet.samples, terminal)]


def plan_facts(sheet: PlanSheet, outlook: "BudgetOutlook | None") -> list[tuple[str, str]]:
    """Return what stands under the table: a label and a sentence each."""
    facts = [
        ("cost", _cost_fact(sheet)),
        *(("assumed", words) for words in _by_model(sheet.assumed)),
        *(("besides", words) for words in _by_model(sheet.plan.figures.unpriced)),
        ("time", f"about {duration(sheet.seconds)} at these limits"),
        *choice_facts(sheet.plan),
        *_bound_facts(sheet),
    ]
    overlay = sheet.plan.catalog_used.overlay
    if overlay is not None:
        facts.append(("overlay", overlay_words(overlay, sheet.plan)))
    return [*facts, ("budget", budget_words(outlook))] if outlook else facts


def _cost_fact(sheet: PlanSheet) -> str:
    """Return the cost in words; only the most of it is sure where it is chosen later which jobs are made."""
    figures, prices = sheet.plan.figures, f"by the prices of {sheet.prices}"
    if not figures.open_stages(sheet.plan.stages):
        return f"{cost_words(sheet.cost)} {prices}"
    whole = usd(sheet.cost.most_nusd)
    if not figures.most_by_stage or not sheet.has_catalog_prices:
        return f"at most {whole} {prices}, if all of it is made"
    return f"at most {usd(figures.most_nusd)} {prices}; all jobs would cost at most {whole}"


def _bound_facts(sheet: PlanSheet) -> list[tuple[str, str]]:
    """Return the most that is made where ``pick`` leaves some of the parents out."""
    figures = sheet.plan.figures
    bounds = figures.most_by_stage.values()
    if not bounds:
        return []
    jobs, images = sum(bound.jobs for bound in bounds), sum(bound.images for bound in bounds)
    made = f"at most {jobs:,} of the {count(figures.jobs, 'job')} are made, with {count(images, 'image')}"
    price = f", for {usd(figures.most_nusd)} by the prices of catalog {sheet.plan.catalog}"
    return [("picked", f"{made}{'' if sheet.has_catalog_prices else price}, whatever is chosen")]


def cost_words(cost: CostRange) -> str:
    """Return an estimate in words: the most, and where that is open what to expect and the least."""
    if cost.is_exact:
        return f"at most {usd(cost.most_nusd)}"
    return f"at most {usd(cost.most_nusd)}, typically {usd(cost.typical_nusd)}, at least {usd(cost.least_nusd)}"


def _by_model(notes: "Mapping[str, Sequence[str]]") -> list[str]:
    """Return each note once, behind the models that it is about."""
    models: dict[str, list[str]] = {}
    for model, each in notes.items():
        for note in each:
            models.setdefault(note, []).append(model)
    return [f"{', '.join(names)}: {note}" for note, names in models.items()]


def draw_facts(facts: Sequence[tuple[str, str]], terminal: Terminal) -> list[str]:
    """Return labelled sentences, the labels in a column of their own."""
    lines: list[str] = []
    for label, text in facts:
        drawn = wrap(f"{label:<{_LABEL}}{terminal.shown(text)}", terminal.width, hang=" " * _LABEL)
        lines += [drawn[0].replace(label, terminal.paint(label, "dim"), 1), *drawn[1:]]
    return lines


def overlay_words(overlay: "Overlay", plan: "AnyPlan") -> str:
    """Return what an overlay changes, first of the models that the plan uses."""
    changes = overlay.changes()
    used = [model for model in changes if model in plan.figures.by_model]
    others = len(changes) - len(used)
    told = [f"{model} ({_words_of(changes[model])})" for model in used]
    told += [f"{count(others, 'model')} that {'is' if others == 1 else 'are'} not in the plan"] if others else []
    return f"{overlay.name} changes {', '.join(told) or 'nothing'}"


def _words_of(changes: "Json") -> str:
    return ", ".join(map(str, changes)) if isinstance(changes, list) else ""


def budget_words(outlook: "BudgetOutlook") -> str:
    """Return how a plan stands to its budget."""
    text = usd(outlook.max_nusd)
    if outlook.folder is not None and (outlook.spent_nusd or outlook.held_nusd):
        used = [f"{usd(outlook.spent_nusd)} spent"]
        used += [f"{usd(outlook.held_nusd)} held"] if outlook.held_nusd else []
        text += f", of which {usd(outlook.left_nusd)} is left ({' and '.join(used)} in {outlook.folder})"
    if outlook.is_over:
        return f"{text}: {usd(outlook.wanted_nusd - outlook.left_nusd)} too little"
    return text if outlook.folder is not None else f"{text}, which is enough"


def _draw_models(sheet: PlanSheet, terminal: Terminal) -> list[str]:
    """Return the table by model; on a narrow terminal the time goes first, then the price of an image."""
    columns, rows, foot = model_table(sheet)
    last_column = len(columns) - 1
    for leave_out in ((), (last_column,), (_PRICE, last_column)):
        kept = [number for number in range(len(columns)) if number not in leave_out]
        narrow = [columns[number] for number in kept]
        shorter = [[row[number] for number in kept] for row in rows]
        last = [foot[number] for number in kept] if foot else []
        if fits(narrow, shorter, terminal, foot=last):
            break
    return draw_table(narrow, shorter, terminal, foot=last)


def _draw_stages(sheet: PlanSheet, terminal: Terminal) -> list[str]:
    """Return the table by stage; on a narrow terminal the images go first, then the stage before."""
    columns, rows = stage_table(sheet.plan, is_priced=sheet.has_catalog_prices)
    for leave_out in ((), (_IMAGES,), (_FROM, _IMAGES)):
        kept = [number for number in range(len(columns)) if number not in leave_out]
        narrow, shorter = [columns[number] for number in kept], [[row[number] for number in kept] for row in rows]
        if fits(narrow, shorter, terminal):
            break
    return [*draw_table(narrow, shorter, terminal), ""] if rows else []


def model_table(sheet: PlanSheet) -> tuple[list[Column], list[list[str]], list[str]]:
    """Return the columns, a row for each model, and the row of the sums where there are several."""
    figures = sheet.plan.figures
    columns = [
        Column("model", gives_way=True),
        Column("jobs", right=True),
        Column("images", right=True),
        Column("USD/image", right=True),
        Column("USD", right=True),
        Column("about", right=True),
    ]
    costs = [sheet.cost_by_model[model].most_nusd for model in figures.by_model]
    means = (per_image(nusd, each.images) for nusd, each in zip(costs, figures.by_model.values(), strict=True))
    prices = money_column(means, most_places=PRICE_PLACES)
    *amounts, total = money_column([*costs, sheet.cost.most_nusd])
    rows = [
        [model, f"{each.jobs:,}", f"{each.images:,}", price, amount, duration(sheet.seconds_by_model[model])]
        for (model, each), price, amount in zip(figures.by_model.items(), prices, amounts, strict=True)
    ]
    foot = ["total", f"{figures.jobs:,}", f"{figures.images:,}", "", total, duration(sheet.seconds)]
    if not sheet.cost.is_exact:
        _insert_typical(sheet, columns, rows, foot)
    return columns, rows, foot if len(rows) > 1 else []


def _insert_typical(sheet: PlanSheet, columns: list[Column], rows: list[list[str]], foot: list[str]) -> None:
    """Put the typical cost behind the most."""
    typical = [sheet.cost_by_model[model].typical_nusd for model in sheet.plan.figures.by_model]
    *amounts, total = money_column([*typical, sheet.cost.typical_nusd])
    columns[_MOST] = Column("USD at most", right=True)
    columns.insert(_MOST + 1, Column("typical", right=True))
    for row, amount in zip([*rows, foot], [*amounts, total], strict=True):
        row.insert(_MOST + 1, amount)


def _draw_folded(plan: "AnyPlan", terminal: Terminal) -> list[str]:
    folded = folded_words(plan)
    return [*wrap(folded, terminal.width), ""] if folded else []


def folded_words(plan: "AnyPlan") -> str:
    """Return what came out as the same job; nothing when nothing did."""
    folded = plan.figures.folded
    if not folded:
        return ""
    return f"{count(folded, 'entry', 'entries')} came out as a job that is there already: made and paid once"


def skip_lines(plan: "AnyPlan") -> list[str]:
    """Return the reasons why jobs are left out, the most frequent first, each with how often."""
    figures = plan.figures
    widest = max((len(f"{times:,}") for times in figures.skips.values()), default=0)
    lines = []
    for skip, times in figures.skips.most_common(_SKIPS_SHOWN):
        model = "" if skip.model in skip.reason else f"{skip.model}: "
        lines.append(f"{times:>{widest},} x {model}{skip.reason}")
    more = len(figures.skips) - _SKIPS_SHOWN
    return [*lines, f"and {count(more, 'more reason')}: plan --json lists all"] if more > 0 else lines


def _draw_skips(plan: "AnyPlan", terminal: Terminal) -> list[str]:
    if not plan.figures.skipped:
        return []
    lines = [f"{count(plan.figures.skipped, 'job')} left out:"]
    for line in skip_lines(plan):
        lines += wrap(terminal.shown(line.lstrip()), terminal.width, indent="  " + _indent(line), hang="      ")
    return [*lines, ""]


def _indent(line: str) -> str:
    return " " * (len(line) - len(line.lstrip()))
