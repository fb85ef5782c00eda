"""Finds cells that lost their text: a spreadsheet's error, a program's null, a replacement character.

Each column is reported once, if such a cell ends up in a prompt; a template that checks for them gets no warning.
"""

import re
from dataclasses import dataclass, field

from qwave_batch.plan.expand.prompt_cases import PromptCase
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.values.text_cells import TextRow
from qwave_batch.spec.values.value_messages import expression_of, quoted
from qwave_batch.spec.values.value_warnings import SuspiciousValue

_OF_SHEETS = frozenset(
    {"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#ERROR!"}
)
_NULLS = frozenset({"nan", "NaN", "None", "null", "NULL"})
_LONGEST = max(map(len, _OF_SHEETS))
_LOST = "\ufffd"
_MOST_COLUMNS = 100
_WAY_OUT = "mend the table, or leave such rows out with where"


@dataclass(slots=True)
class LostCells:
    """Checks the rows of one spec while its plan is counted."""

    problems: ProblemCollector
    _prompt: CompiledPrompt | None = None
    _columns: tuple[str, ...] = field(default=())

    def look(self, case: PromptCase, text: str) -> None:
        """Check the first prompt of a row."""
        row = case.row
        if row is None:
            return
        if case.prompt is not self._prompt:
            self._prompt, self._columns = case.prompt, _columns_of(case)
        for column in self._columns:
            cell = row.cells.get(column)
            if isinstance(cell, str):
                if _LOST in cell and _LOST in text:
                    self._note(
                        case, column, f"{expression_of('row', column)} holds U+FFFD, a letter that was lost on saving"
                    )
                elif len(cell) <= _LONGEST:
                    self._look_at_short(case, column, cell.strip(), text)

    def _look_at_short(self, case: PromptCase, column: str, cell: str, text: str) -> None:
        if cell in _OF_SHEETS:
            what = "the error of a spreadsheet"
        elif cell in _NULLS and case.row is not None and type(case.row.cells) is TextRow:
            what = "what a program writes for no value"
        else:
            return
        if re.search(rf"(?<!\w){re.escape(cell)}(?!\w)", text):
            self._note(case, column, f"{expression_of('row', column)} is {quoted(cell)}, {what}")

    def _note(self, case: PromptCase, column: str, message: str) -> None:
        doubt = SuspiciousValue(f"{message}, and is written into a text", _WAY_OUT, f"lost {column}")
        before, self.problems.row = self.problems.row, case.row
        self.problems.doubt(case.prompt.text_origin, doubt)
        self.problems.row = before


def _columns_of(case: PromptCase) -> tuple[str, ...]:
    """Return the columns that may be inserted into the text."""
    read = case.prompt.wanted.columns
    columns = case.row.cells.keys() if read is None and case.row else read or ()
    return tuple(columns) if len(columns) <= _MOST_COLUMNS else ()
