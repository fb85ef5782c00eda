"""The outcome of a gate, for people: each rule with its reason, the ones that failed last, where they are read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.next_steps import warning_words
from qwave_batch.model.next_step import RunWarning

if TYPE_CHECKING:
    from qwave_batch.gates import GateReport, RuleResult

_INDENT = " " * 8


def draw_gate(report: "GateReport", terminal: Terminal) -> Iterator[str]:
    """Yield the lines of the outcome."""
    passed = [each for each in report.results if each.is_passed]
    failed = [each for each in report.results if not each.is_passed]
    for result in (*passed, *failed):
        yield from _rule(result, terminal)
    name = terminal.shown(report.folder)
    if failed:
        words = f"failed: {name} fails {len(failed):,} of {count(len(report.results), 'condition')}"
    else:
        words = f"passed: {name} passes {'all ' if len(passed) > 1 else ''}{count(len(passed), 'condition')}"
    lines = wrap(words, terminal.width, hang="  ")
    head = words.partition(":")[0]
    lines[0] = lines[0].replace(head, terminal.paint(head, "red" if failed else "green"), 1)
    yield from ("", *lines)


def _rule(result: "RuleResult", terminal: Terminal) -> Iterator[str]:
    word = "passed" if result.is_passed else "failed"
    title, *more = wrap(terminal.shown(result.title), terminal.width - len(_INDENT))
    yield f"{terminal.paint(word, 'green' if result.is_passed else 'red')}  {terminal.paint(title, 'bold')}"
    yield from (_INDENT + line for line in more)
    reason = warning_words(RunWarning(result.reason, result.next_steps))
    yield from wrap(terminal.shown(reason), terminal.width, indent=_INDENT)
