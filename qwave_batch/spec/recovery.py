"""Recovers a spec from its mistakes, so that one check also finds the problems that only show later.

Faulty parts are removed or replaced, as long as that cannot make anything else look wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from qwave_batch.model.problem import Problem
from qwave_batch.spec.structure import is_structured
from qwave_batch.spec.values.value_path import ValuePath, steps_of


class UnknownValue:
    """A value that is not known because of a mistake, and whose results are not known either."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final[Any] = UnknownValue()
"""Code that meets this value reports nothing and passes it on, so that one mistake gives one message."""


_LOOSE = (
    "version", "name", "description", "unsupported", "limits", "retry", "timeout", "completion", "budget", "sample",
    "repeat", "duplicates", "output",
)  # fmt: skip
"""Independent parts: a faulty one is replaced by its default."""

_TIGHT = ("catalog", "extends", "vars", "request", "prompts", "matrix")
"""Parts that other parts depend on."""

_LOOSE_IN_PROMPT = frozenset({"id", "tags", "meta", "limit", "sample"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredSpec:
    """The rest of a spec: it is checked for more problems and never run."""

    value: dict[str, Any]
    lost_prompts: frozenset[int] = frozenset()
    """Positions of prompts that cannot be used; they keep their places in the list."""


def recover(value: dict[str, Any], problems: Iterable[Problem]) -> RecoveredSpec | None:
    """Return the rest of a spec, or None if too much of it is faulty."""
    rest = _Rest(dict(value))
    if not all(rest.remove(steps_of(problem.path)) for problem in problems):
        return None
    rest.value |= {"version": 1, "name": "recovered"}
    # later checks rely on the structure of the rest
    return RecoveredSpec(value=rest.value, lost_prompts=frozenset(rest.lost_prompts)) if rest.is_structured() else None


def is_consequence(found: Problem, before: Iterable[Problem], *, is_partial: bool) -> bool:
    """Whether a problem in the rest of a spec follows from one that is reported already.

    That holds above and below a place with a problem and, if a prompt or a stage could not be read, for names that no
    template seems to use.
    """
    path = steps_of(found.path)
    if not path:
        return True
    within = path[2:] if path[0] == "stages" else path
    if is_partial and len(within) == 2 and within[0] in {"vars", "matrix"}:  # noqa: PLR2004  # the name itself
        return True
    told = (steps_of(problem.path) for problem in before)
    return any(steps and steps[: len(path)] == path[: len(steps)] for steps in told)


@dataclass(slots=True)
class _Rest:
    value: dict[str, Any]
    lost_prompts: set[int] = field(default_factory=set)

    def remove(self, path: ValuePath) -> bool:
        """Remove the value at ``path``; False if the effect of that is not known."""
        match path:
            case ():  # a key is missing: either it gets a default at the end, or the recovery fails
                pass
            case ("request", str(name), *_) if name != "model" and self._has("request", name):
                self.value["request"] = _without(self.value["request"], name)
            case ("request" | "vars" as part, str(name), *_) if self._has(part, name):
                self.value[part] = self.value[part] | {name: UNKNOWN}
            case ("prompts", int(position), *inner) if self._has("prompts", position):
                self._remove_from_prompt(position, inner)
            case ("matrix", "exclude", *_):
                # without excludes there are more jobs, but only their problems are reported
                self.value["matrix"] = _without(self.value["matrix"], "exclude")
            case ("matrix", str(name), *_) if name != "include" and self._has("matrix", name):
                self.value["matrix"] = self.value["matrix"] | {name: [UNKNOWN]}
            case ("images",):  # templates may use the name that it defines
                self.value["images"] = 1
            case (str(key), *_) if key in _LOOSE:
                # with "drop", no problem is reported that the unknown value might have allowed
                self.value = _without(self.value, key) | ({"unsupported": "drop"} if key == "unsupported" else {})
            case (str(key),) if key not in _TIGHT:
                self.value = _without(self.value, key)
            case _:
                return False
        return True

    def is_structured(self) -> bool:
        """Whether the rest has the structure of a spec, apart from lost prompts."""
        prompts = self.value.get("prompts")
        if not isinstance(self.value.get("catalog"), str | dict) or not isinstance(prompts, list):
            return False
        kept = [prompt for position, prompt in enumerate(prompts) if position not in self.lost_prompts]
        whole = {key: item for key, item in self.value.items() if key != "extends"}
        if whole.get("matrix") == {}:  # it has lost its only part
            del whole["matrix"]
        return is_structured(whole | {"prompts": kept or ["x"]})

    def _has(self, part: str, step: str | int) -> bool:
        within = self.value.get(part)
        if isinstance(within, list):
            return isinstance(step, int) and step < len(within)
        return isinstance(within, dict) and step in within

    def _remove_from_prompt(self, position: int, inner: list[Any]) -> None:
        prompts = list(self.value["prompts"])
        entry = prompts[position]
        if isinstance(entry, dict) and inner and inner[0] in _LOOSE_IN_PROMPT:
            prompts[position] = _without(entry, inner[0])
            self.value["prompts"] = prompts
        else:
            self.lost_prompts.add(position)


def _without(fields: Any, key: Any) -> dict[str, Any]:
    return {name: value for name, value in cast("dict[str, Any]", fields).items() if name != key}
