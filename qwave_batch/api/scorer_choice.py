"""Which scorer a user names: a built-in one, one of an installed package, or a command that a YAML file describes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TypeAlias, cast

from qwave_batch import lazy
from qwave_batch.client.connection import AnyConnection
from qwave_batch.errors import QwaveError, UnknownName, UsageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.clock import Clock
from qwave_batch.model.jsontypes import Json
from qwave_batch.scoring.answer_check import error_text
from qwave_batch.scoring.command_file import read_command_file
from qwave_batch.scoring.command_scorer import CommandScorer
from qwave_batch.scoring.facts_check import checked_scorer
from qwave_batch.scoring.scorer import PaidScorer, Scorer

GROUP = "qwave_batch.scorers"
"""The group of entry points that plug-ins name their scorers in."""
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerSetup:
    """All that a built-in scorer may be made of beside its parameters."""

    layout: RunLayout
    """The folder that it is to score: a scorer is made for each."""
    connection: AnyConnection = field(repr=False)
    """The API, for a scorer that asks one."""
    clock: Clock
    retry_failed: bool = False


AnyScorer: TypeAlias = Scorer | PaidScorer

BUILT_IN: Mapping[str, str] = {
    "checks": "qwave_batch.scoring.levels_scorer:make_levels_scorer",
    "ocr": "qwave_batch.scoring.text_scorer:make_text_scorer",
}
"""The functions that make a scorer of its parameters, by module and name; loaded when one is chosen."""
BUILT_IN_PAID: Mapping[str, str] = {"judge": "qwave_batch.api.judge_setup:make_judge"}
"""Likewise, of the parameters and the rest of a ``ScorerSetup`` by name."""


@dataclass(frozen=True, slots=True)
class ScorerChoice:
    """The scorer that a user named; the name is known to lead to one."""

    named: str
    params: Mapping[str, str]

    @property
    def is_file(self) -> bool:
        """Whether the name is the path of a file that describes a command."""
        return self.named.endswith(_ENDINGS)

    @property
    def asks_api(self) -> bool:
        """Whether it is a built-in scorer that asks an API."""
        return self.named in BUILT_IN_PAID

    def make(self, setup: ScorerSetup) -> AnyScorer:
        """Return the scorer for one folder.

        Raises:
            UnknownName: there is no scorer of that name.
            UsageError: the scorer is broken, or a parameter or its file is not right; a plug-in is named.
            MissingExtra: it needs what is not installed.
        """
        if self.is_file:
            return CommandScorer(read_command_file(Path(self.named), self.params))
        if self.named in BUILT_IN:
            return checked_scorer(_load(BUILT_IN[self.named])(self.params), self.named)
        if self.named in BUILT_IN_PAID:
            make = _load(BUILT_IN_PAID[self.named])
            return checked_scorer(
                make(
                    self.params,
                    layout=setup.layout,
                    connection=setup.connection,
                    clock=setup.clock,
                    retry_failed=setup.retry_failed,
                ),
                self.named,
            )
        return _plugged_in(self.named, self.params)


def _load(place: str) -> Callable[..., object]:
    module, _, name = place.partition(":")
    return cast("Callable[..., object]", getattr(import_module(module), name))


def _plugged_in(named: str, params: Mapping[str, str]) -> AnyScorer:
    found = [point for point in lazy.metadata.entry_points(group=GROUP) if point.name == named]
    if not found:
        known = sorted({*BUILT_IN, *BUILT_IN_PAID, *(point.name for point in lazy.metadata.entry_points(group=GROUP))})
        hint = f"there is {', '.join(known)}, and a file that ends in .yaml for a command"
        raise UnknownName("scorer", named, known, hint=hint)
    point = found[0]
    shown = f"the scorer {named} of {point.value}"
    try:
        made = point.load()(dict(params))
    except QwaveError:
        raise
    except Exception as error:  # whatever a plug-in raises; it is named
        raise UsageError(f"{shown} can't be loaded: {error_text(error)}") from error
    return checked_scorer(made, shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedScorer:
    """A scorer as ``score --list`` shows it."""

    name: str
    origin: str
    """``built in``, or the package that brings it."""
    fault: str | None = None
    """Why it can't be used; None when it can."""

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``score --list --json``."""
        return {"name": self.name, "origin": self.origin, "fault": self.fault}


def list_scorers() -> list[ListedScorer]:
    """Return all scorers that can be named, broken ones with their fault."""
    listed = [ListedScorer(name=name, origin="built in", fault=_fault_of(name)) for name in BUILT_IN]
    listed += [ListedScorer(name=name, origin="built in") for name in BUILT_IN_PAID]
    for point in sorted(lazy.metadata.entry_points(group=GROUP), key=lambda point: point.name):
        package = point.value if point.dist is None else f"{point.dist.name} {point.dist.version}"
        listed.append(ListedScorer(name=point.name, origin=package, fault=_fault_of(point.name)))
    return listed


def _fault_of(name: str) -> str | None:
    try:
        if name in BUILT_IN:
            _load(BUILT_IN[name])({})
        else:
            _plugged_in(name, {})
    except QwaveError as error:
        return str(error)
    return None
