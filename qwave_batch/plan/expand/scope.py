"""Compiles, checks and renders templates with the names available to them; a mistake is reported once, without others.

A value that is unknown because of a mistake is ``UNKNOWN``, and so is every result computed from it, so that all other
mistakes in the spec are still found in the same pass.
"""

import json
import re
from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import ValuePath
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.compiler import Into
from qwave_batch.spec.template.cost_estimates import SizeExceeded, measure
from qwave_batch.spec.template.render_budget import ITEM, STEPS_OF_A_FAILURE
from qwave_batch.spec.template.templates import TemplateFault, TemplateValue, compile_value
from qwave_batch.spec.values.value_messages import names_listed

_ENVIRONMENTS = frozenset({"ENV", "env", "environ", "getenv", "os", "process"})
_ASKED = re.compile(
    r"(?<!\w)(?:os\.environ|os\.getenv|process\.env|getenv|environ|env)(?:\.get\b)?[^\w{}]+([A-Za-z_]\w*)",
    re.ASCII | re.IGNORECASE,
)
FEW_NAMES = 1000
NAMES_SHOWN = 100
GUESSES = 200
"""The limit of problems that get a suggestion: making one takes longer than finding the problem."""
_OF_ROWS = "a prompt has rows when it takes them from a table: from: FILE.csv"
_HINTS = {"row": _OF_ROWS, "row_number": _OF_ROWS}


class AvailableNames(Collection[str]):
    """Available names: those that many prompts share and a few more, combined without a copy."""

    __slots__ = ("_parts",)

    def __init__(self, *parts: Collection[str]) -> None:
        self._parts = parts

    def __contains__(self, name: object) -> bool:
        return any(name in part for part in self._parts)

    def __iter__(self) -> Iterator[str]:
        return iter(frozenset().union(*self._parts))

    def __len__(self) -> int:
        return sum(map(len, self._parts))


def with_names(shared: Mapping[str, Json], own: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return names with their values, ``own`` before the shared ones; large mappings are not copied each time."""
    if not own:
        return shared
    return {**shared, **own} if len(shared) <= FEW_NAMES else ChainMap(dict(own), cast("dict[str, Json]", shared))


def compiled(  # the facts about a value and its place
    raw: Json,
    where: ValuePath,
    known: Collection[str],
    problems: ProblemCollector,
    *,
    of: str = "",
    into: Into = "value",
) -> TemplateValue | None:
    """Return a compiled value that needs only ``known`` names, or report its mistake and return None.

    Args:
        raw: Any JSON value, with templates among its strings.
        where: Its place in the spec.
        known: The available names.
        problems: Collects the mistakes.
        of: The subject of the names, to end the sentence "x is not defined".
        into: The kind of result of a template that is a single expression.
    """
    try:
        value = compile_value(raw, where, problems.allowance, into=into)
    except TemplateFault as fault:
        problems.add_template(fault, value=raw)
        return None
    unknown = sorted(name for name in value.names if name not in known and name not in value.asked)
    for name in unknown:
        instead, step = no_environment(name, raw) or (_without_vars(name, raw, known), None)
        note_unknown(name, known, where, problems, of=of, hint=instead, next_step=step)
        problems.spoiled_names.update(value.names)
    return None if unknown else value


def note_unknown(  # noqa: PLR0913 - what a sentence about a name needs
    name: str,
    known: Collection[str],
    where: ValuePath,
    problems: ProblemCollector,
    *,
    of: str = "",
    hint: str | None = None,
    next_step: Advice | None = None,
) -> None:
    """Report an undefined name, with the available names and the nearest of them."""
    at_hand = sorted(known) if len(known) <= (FEW_NAMES if len(problems) < GUESSES else NAMES_SHOWN) else []
    listed = names_listed(at_hand, NAMES_SHOWN) if at_hand or not known else "many others"
    guess = nearest(name, at_hand) if hint is None and len(problems) < GUESSES else None
    hint = hint or (f'did you mean "{guess}"?' if guess else _HINTS.get(name))
    problems.add(
        where,
        f'"{name}" is not defined{of}; available: {listed}',
        value=name,
        allowed=tuple(at_hand[:NAMES_SHOWN]),
        suggestion=hint,
        next_step=next_step,
    )


def no_environment(name: str, raw: Json) -> tuple[str, Advice] | None:
    """Return how to replace a use of an environment variable, and how to set its value.

    None if the template does not look for one.
    """
    if name not in _ENVIRONMENTS:
        return None
    asked = _ASKED.search(json.dumps(raw, ensure_ascii=False))
    wanted = asked[1] if asked else "COLOUR"
    own = wanted.lower()
    return f"a spec reads no environment: write {{{{ {own} }}}}", Advice(NextStep.SET_VARIABLE, f"vars.{own}=${wanted}")


def _without_vars(name: str, raw: Json, known: Collection[str]) -> str | None:
    """Return the advice for a template that uses a variable as a field of ``vars``; None for any other."""
    asked = re.search(r"\bvars\.(\w+)", json.dumps(raw, ensure_ascii=False)) if name == "vars" else None
    return f"write {{{{ {asked[1]} }}}}: variables have no vars before them" if asked and asked[1] in known else None


def is_unknown(value: TemplateValue | None, scope: Mapping[str, Json]) -> bool:
    """Whether a mistake noted elsewhere keeps this value from being rendered."""
    if value is None:
        return True
    for name in value.names:  # noqa: SIM110 - any() takes twice as long, and this is asked for every text
        if scope.get(name) is UNKNOWN:
            return True
    return False


def render_or_report(value: TemplateValue | None, scope: Mapping[str, Json], problems: ProblemCollector) -> Json:
    """Return the rendered value, or ``UNKNOWN`` after reporting why it cannot be rendered."""
    if value is None or is_unknown(value, scope):
        return UNKNOWN  # type: ignore[no-any-return]  # it stands for any JSON value
    try:
        return value.render(scope)
    except TemplateFault as fault:
        problems.add_template(fault)
        return UNKNOWN  # type: ignore[no-any-return]


MOST_HELD = 20_000_000  # characters; an item of a list counts as several


@dataclass(slots=True)
class ValueAllowance:
    """The characters left for the values of ``vars`` and the matrix, or for the variables of one row.

    Each value may be made of others, so they can grow fast.
    """

    left: int = MOST_HELD

    @property
    def is_full(self) -> bool:
        """Whether a value exceeded the limit: the rest need not be rendered any more."""
        return self.left == 0

    def hold(self, value: TemplateValue | None, came_out: Json, problems: ProblemCollector) -> Json:
        """Return a rendered value, or ``UNKNOWN`` after reporting that it is too long."""
        if value is None or value.is_constant or came_out is UNKNOWN:
            return came_out
        size = size_of_value(came_out, self.left)
        if size is None:
            self.left = 0
            message = f"the values that templates give here come to more than {MOST_HELD:,} characters together"
            problems.allowance.spend(STEPS_OF_A_FAILURE)  # it would take long for row after row
            problems.add_template(TemplateFault(message, value.where, suggestion="make them where they are used"))
            return UNKNOWN  # type: ignore[no-any-return]  # it stands for any JSON value
        self.left -= size
        return came_out


def size_of_value(value: Json, most: int) -> int | None:
    """Return the characters of a value, or None if they exceed ``most``."""
    if isinstance(value, str):
        return len(value) if len(value) <= most else None
    try:
        characters, items = measure(value, most, item=ITEM)
    except SizeExceeded:
        return None
    return characters + items * ITEM
