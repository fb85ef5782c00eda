"""The result of votes, for people: strengths and win rates with their intervals drawn, and what is still open."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.table import Column, draw_table, fits
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.votes import ImportedVotes, PicksResult, Strength, VoteResult, VotesReport, WinRate

_BAR = 25
"""Columns of a drawn interval; odd, so that one half has a column of its own."""
_SCALE = "0 %       50 %      100 %"
_AVERAGE = "weaker   average stronger"
_SHOWN = 12
"""Rows of a table; --json has all."""
_NONE = "-"


def words_of_import(imported: "ImportedVotes") -> list[str]:
    """Return sentences that say what an import did."""
    new = [f"{count(imported.votes, 'new vote')}, {count(imported.picks, 'new pick')}"]
    if imported.replaced:
        new.append(f"{imported.replaced:,} replaced by a later answer of the same rater")
    if not imported.votes and not imported.picks and not imported.replaced:
        new = ["all of them were there already" if imported.read else "nothing in the files"]
    notes = [f"read {count(imported.read, 'line')}: {', '.join(new)}"]
    if imported.of_other_folders:
        notes.append(f"left out {count(imported.of_other_folders, 'line')} about other run folders: import them there")
    if imported.left_plan:
        notes.append(f"left out {count(imported.left_plan, 'line')} about jobs that the plan no longer holds")
    return notes


def draw_votes(report: "VotesReport", terminal: Terminal) -> Iterator[str]:
    """Yield the lines of the whole result."""
    result = report.result
    yield from _head(report, terminal)
    if result.strengths:
        yield from ("", terminal.paint("strengths", "bold"))
        yield from _strengths(result, terminal)
    if result.win_rates:
        yield from ("", terminal.paint("win rates", "bold"))
        yield from _win_rates(result.win_rates, terminal)
        yield from ("", *_outlook(result, terminal))
    for title, parts in (("by criterion", result.by_criterion), ("by tag", result.by_tag)):
        if len(parts) > 1:
            yield from ("", terminal.paint(title, "bold"))
            yield from _parts(title.removeprefix("by "), parts, terminal)
    if report.picks is not None:
        yield from ("", terminal.paint("picks", "bold"))
        yield from _picks(report.picks, terminal)


def _head(report: "VotesReport", terminal: Terminal) -> list[str]:
    result = report.result
    if not result.votes:
        return ["no votes yet"]
    about = f"{result.axis}: " if result.criterion is None else f"{result.axis}, {result.criterion}: "
    words = (
        f"{about}{count(result.votes, 'vote')} by {count(len(result.raters), 'rater')} "
        f"on {count(result.prompts, 'prompt')}"
    )
    if result.alpha is not None:
        words += f"; agreement of raters (Krippendorff's alpha) {round(result.alpha, 2) + 0:.2f}"
    others = [axis for axis in report.axes if axis != result.axis]
    lines = wrap(terminal.shown(words), terminal.width, hang="  ")
    if others:
        named = f"there are votes on {', '.join(others)}, too: --axis shows them"
        lines += wrap(terminal.shown(named), terminal.width, hang="  ")
    return lines


def _strengths(result: "VoteResult", terminal: Terminal) -> list[str]:
    found = result.strengths or ()
    columns = (
        Column(result.axis, gives_way=True),
        Column("strength", right=True),
        Column("95 %", right=True),
        Column(_AVERAGE),
    )
    rows = [(each.value, f"{each.strength:.2f}", *_interval_of(each, terminal)) for each in found[:_SHOWN]]
    return [*draw_table(columns, rows, terminal), *_more(len(found))]


def _interval_of(found: "Strength", terminal: Terminal) -> tuple[str, str]:
    point = _chance(found.strength)
    low, high = found.low, found.high
    if low is None and high is None:
        return _NONE, _bar(point, point, point, terminal)
    bar = _bar(point, 0 if low is None else _chance(low), 1 if high is None else _chance(high), terminal)
    if low is None or high is None:
        return f"over {low:.2f}" if low is not None else f"below {high:.2f}", bar
    return f"{low:.2f}-{high:.2f}", bar


def _chance(strength: float) -> float:
    """Return the chance to be preferred to a value of average strength."""
    return strength / (1 + strength)


def _win_rates(rates: "Sequence[WinRate]", terminal: Terminal) -> list[str]:
    """Return the table: with both intervals where they fit, else with the more careful one."""
    names = (Column("better", gives_way=True), Column("than", gives_way=True))
    numbers = (Column("votes", right=True), Column("ties", right=True), Column("won", right=True))
    bar = Column(_SCALE)
    wide = (*names, *numbers, Column("as votes", right=True), Column("as prompts", right=True), bar)
    narrow = (*names, numbers[0], numbers[2], Column("95 %", right=True), bar)
    wide_rows, narrow_rows = [], []
    for each in rates[:_SHOWN]:
        who = (each.value, each.against)
        drawn = _bar(each.rate, each.widest.low, each.widest.high, terminal)
        won, votes = f"{each.rate:.0%}", f"{each.votes:,}"
        of_votes, of_prompts = _percents(each.low, each.high), _percents(each.boot_low, each.boot_high)
        wide_rows.append((*who, votes, f"{each.ties:,}", won, of_votes, of_prompts, drawn))
        narrow_rows.append((*who, votes, won, _percents(each.widest.low, each.widest.high), drawn))
    table = (
        draw_table(wide, wide_rows, terminal)
        if fits(wide, wide_rows, terminal)
        else draw_table(narrow, narrow_rows, terminal)
    )
    return [*table, *_more(len(rates))]


def _outlook(result: "VoteResult", terminal: Terminal) -> list[str]:
    outlook = result.more_votes
    waiting = [each for each in outlook.pairs if each.outcome == "open"]
    if not waiting:
        return [terminal.paint("settled: more votes are not needed", "green")]
    words = (
        f"open: {len(waiting)} of {count(len(outlook.pairs), 'pair')}; about {count(outlook.votes, 'more vote')} would "
        "settle it, if the rates stay as they are"
    )
    lines = wrap(words, terminal.width, hang="  ")
    lines[0] = lines[0].replace("open:", terminal.paint("open:", "yellow"), 1)
    for each in waiting[:_SHOWN]:
        need = f"{count(each.votes, 'vote')} on {count(each.prompts, 'more prompt')}"
        lines += wrap(
            terminal.shown(f"{each.value} and {each.against}: {need}"), terminal.width, indent="  ", hang="    "
        )
    return [*lines, *_more(len(waiting))]


def _parts(kind: str, parts: "Mapping[str, VoteResult]", terminal: Terminal) -> list[str]:
    """Return a row for each part of the votes: who is ahead there, of the two that most is known about."""
    columns = (
        Column(kind, gives_way=True), Column("prompts", right=True), Column("votes", right=True),
        Column("ahead", gives_way=True), Column("won", right=True), Column("95 %", right=True), Column(_SCALE),
    )  # fmt: skip
    rows = []
    for name, part in list(parts.items())[:_SHOWN]:
        ahead, share, low, high = _ahead(part)
        drawn = _bar(share, low, high, terminal)
        rows.append((name, f"{part.prompts:,}", f"{part.votes:,}", ahead, f"{share:.0%}", _percents(low, high), drawn))
    return [*draw_table(columns, rows, terminal), *_more(len(parts))]


def _ahead(part: "VoteResult") -> tuple[str, float, float, float]:
    """Return the strongest value with its win rate against the one that is nearest to it."""
    best = part.strengths[0].value if part.strengths else part.win_rates[0].value
    own = [each for each in part.win_rates if best in {each.value, each.against}]
    nearest = min(own, key=lambda each: each.rate if each.value == best else 1 - each.rate)
    low, high = nearest.widest.low, nearest.widest.high
    if nearest.value == best:
        return best, nearest.rate, low, high
    return best, 1 - nearest.rate, 1 - high, 1 - low


def _picks(picks: "PicksResult", terminal: Terminal) -> list[str]:
    columns = (
        Column("model", gives_way=True), Column("images", right=True), Column("keep", right=True),
        Column("reject", right=True), Column("rated", right=True), Column("mean rating", right=True),
    )  # fmt: skip
    rows = [
        (
            each.model, f"{each.images:,}", f"{each.kept:,}", f"{each.rejected:,}", f"{each.rated:,}",
            _NONE if each.mean_rating is None else f"{each.mean_rating:.1f}",
        )
        for each in picks.by_model
    ]  # fmt: skip
    return draw_table(columns, rows, terminal)


def _bar(value: float, low: float, high: float, terminal: Terminal) -> str:
    """Return an interval from 0 to 1 as a drawn line, with its estimate and a mark at one half."""
    blank, line, point, half = ("·", "━", "●", "│") if terminal.has_unicode else (".", "=", "O", "|")
    cells = [blank] * _BAR
    cells[_BAR // 2] = half
    for number in range(_column(low), _column(high) + 1):
        cells[number] = line
    cells[_column(value)] = point
    return "".join(cells)


def _column(share: float) -> int:
    return min(_BAR - 1, max(0, round(share * (_BAR - 1))))


def _percents(low: float | None, high: float | None) -> str:
    return _NONE if low is None or high is None else f"{100 * low:.0f}-{100 * high:.0f} %"


def _more(number: int) -> list[str]:
    return [f"... and {number - _SHOWN:,} more: --json has all"] if number > _SHOWN else []
