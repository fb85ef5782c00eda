"""Two sides compared by their scores, for people: a row for each score, and for each group."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.table import Column, draw_table, fits
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.model.shown_numbers import shown_numbers

if TYPE_CHECKING:
    from qwave_batch.gates import ComparedScore, PairedDifference, ScoreComparison

_NONE = "-"
_PROMPTS, _AHEAD = 1, 6
"""Columns that give way on a narrow terminal."""
_SHOWN = 40
"""Rows of groups; --json has all."""


def draw_comparison(comparison: "ScoreComparison", terminal: Terminal) -> Iterator[str]:
    """Yield the lines of the whole comparison."""
    yield from _head(comparison, terminal)
    compared = {each.measure.name: each.whole for each in comparison.scores if each.whole is not None}
    yield from ("", *_table("score", compared, terminal))
    for each in comparison.scores:
        if each.whole is not None:
            yield from wrap(terminal.shown(_in_words(each, each.whole)), terminal.width, hang="  ")
    for each in comparison.scores:
        if each.groups:
            yield from ("", terminal.paint(terminal.shown(f"{each.measure.name} by {comparison.by}"), "bold"))
            shown = dict(list(each.groups.items())[:_SHOWN])
            yield from _table(comparison.by or "", shown, terminal)
            if len(each.groups) > _SHOWN:
                yield f"... and {len(each.groups) - _SHOWN:,} more: --json has all"


def _head(comparison: "ScoreComparison", terminal: Terminal) -> Iterator[str]:
    yield from wrap(terminal.shown(f"A is {comparison.a}"), terminal.width, hang="  ")
    yield from wrap(terminal.shown(f"B is {comparison.b}"), terminal.width, hang="  ")
    for axis, (of_a, of_b) in comparison.pairing.apart.items():
        if {*of_a} != {comparison.a} or {*of_b} != {comparison.b}:  # else the names of the sides say so
            words = f"they differ in {axis}: {', '.join(of_a) or 'none'} in A, {', '.join(of_b) or 'none'} in B"
            yield from wrap(terminal.shown(words), terminal.width, hang="  ")
    prompts = len({pair.prompt_id for pair in comparison.pairing.pairs})
    matched = " and ".join(comparison.pairing.matched)
    same = f", each with the same {matched}" if matched else ""
    yield from wrap(terminal.shown(f"paired over {count(prompts, 'prompt')}{same}"), terminal.width, hang="  ")


def _table(title: str, rows: "Mapping[str, PairedDifference]", terminal: Terminal) -> list[str]:
    """Return the table: with how often the second side is ahead, and with the prompts of each row, where they fit."""
    columns = (
        Column(title, gives_way=True), Column("prompts", right=True),
        *(Column(name, right=True) for name in ("A", "B", "B - A", "95 %", "ahead")), Column("B is"),
    )  # fmt: skip
    cells = [
        (name, f"{each.prompts:,}", *_numbers(each), f"{each.superiority:.0%}", each.b_is.value)
        for name, each in rows.items()
    ]
    everything = list(range(len(columns)))
    without_ahead = [number for number in everything if number != _AHEAD]
    # the head says how many prompts there are
    shortest = [number for number in without_ahead if number != _PROMPTS or len({row[_PROMPTS] for row in cells}) > 1]
    for shown in (everything, without_ahead, shortest):
        drawn = [columns[number] for number in shown], [[row[number] for number in shown] for row in cells]
        if fits(*drawn, terminal):
            break
    head, ruler, *lines = draw_table(*drawn, terminal)
    words = [each.b_is.value for each in rows.values()]
    return [head, ruler, *(_painted(*each, terminal) for each in zip(lines, words, strict=True))]


def _painted(line: str, b_is: str, terminal: Terminal) -> str:
    if b_is not in {"better", "worse"} or not line.endswith(b_is):
        return line
    return line.removesuffix(b_is) + terminal.paint(b_is, "green" if b_is == "better" else "red")


def _numbers(found: "PairedDifference") -> tuple[str, str, str, str]:
    interval = found.interval
    bounds = [] if interval is None else [interval.low, interval.high]
    a, b, difference, *shown = shown_numbers([found.a, found.b, found.difference, *bounds])
    return a, b, difference, " to ".join(shown) or _NONE


def _in_words(score: "ComparedScore", found: "PairedDifference") -> str:
    """Return how often the second side is ahead, as a sentence."""
    better = score.measure.better
    direction = f", {better.value} is better" if better is not None else ""
    ahead, behind = ("better", "worse") if better is not None else ("higher", "lower")
    unit = f", in {score.measure.unit}" if score.measure.unit else ""
    return (
        f"{score.measure.name}{unit}{direction}: B is {ahead} on {found.wins:,} of {count(found.prompts, 'prompt')}, "
        f"{behind} on {found.losses:,}, equal on {found.ties:,}; probability of superiority {found.superiority:.0%}"
    )
