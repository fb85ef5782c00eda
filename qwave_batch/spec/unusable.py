"""Cells of tables that JSON has no value for: nobody minds them until a template reads them."""

from typing import NoReturn

from jinja2 import StrictUndefined, TemplateRuntimeError
from jinja2.utils import missing


class CellRead(TemplateRuntimeError):
    """A template reads a cell that JSON has no value for; it says which and why."""


class Unusable(StrictUndefined):
    """Stands for such a cell; whatever a template does with it is an error."""

    __slots__ = ("form", "reason")

    def __init__(self, form: str, reason: str) -> None:
        super().__init__(f"a cell of the row cannot be used: {reason}", missing, None, CellRead)
        self.form = form
        """A text that stays the same, to tell rows apart by."""
        self.reason = reason
        """Why, as a sentence of its own."""

    def fail(self, name: object) -> NoReturn:
        """Raise CellRead for the cell called ``name``."""
        raise CellRead(f'"{name}" cannot be used: {self.reason}')
