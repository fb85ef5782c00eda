"""What is left of a spec with mistakes, so that one look finds those that only show later too.

What is wrong is left out or set right, as long as that cannot make anything else look wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from qwave_batch.model.problem import Problem
from qwave_batch.spec.structure import is_structured
from qwave_batch.spec.values.value_path import Path, steps_of


class UnknownValue:
    """Nothing is said of it, and what is made of it is unknown too."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final[Any] = UnknownValue()
"""One mistake makes one complaint: whoever meets this says nothing, and hands it on."""


_LOOSE = (
    "version", "name", "description", "unsupported", "limits", "retry", "timeout", "completion", "budget", "sample",
    "repeat", "output",
)  # fmt: skip
"""Parts that no other part is checked against: a faulty one gives way to its default."""

_TIGHT = ("catalog", "extends", "vars", "request", "prompts", "matrix")
"""Parts on which all else depends."""

_LOOSE_IN_PROMPT = frozenset({"id", "tags", "meta", "limit", "sample"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredSpec:
    """The rest of a spec: it is looked at for more problems, and never run."""

    value: dict[str, Any]
    lost_prompts: frozenset[int] = frozenset()
    """Positions of prompts that can't be used; their places in the list are kept."""


def recover(value: dict[str, Any], problems: Iterable[Problem]) -> RecoveredSpec | None:
    """Return the rest of a spec, or None when what is wrong leaves too much open."""
    rest = _Rest(dict(value))
    if not all(rest.remove(steps_of(problem.path)) for problem in problems):
        return None
    rest.value |= {"version": 1, "name": "recovered"}
    # whoever looks at the rest takes its structure for granted
    return RecoveredSpec(value=rest.value, lost_prompts=frozenset(rest.lost_prompts)) if rest.is_structured() else None


def is_consequence(found: Problem, before: Iterable[Problem], lost_prompts: frozenset[int]) -> bool:
    """Whether a problem that the rest of a spec has follows from one that is on the list already.

    That is so above and below a place with a problem, and, where a prompt could not be read, for names that no
    template seems to use.
    """
    path = steps_of(found.path)
    if not path:
        return True
    if lost_prompts and len(path) == 2 and path[0] in {"vars", "matrix"}:  # noqa: PLR2004  # the name itself
        return True
    told = (steps_of(problem.path) for problem in before)
    return any(steps and steps[: len(path)] == path[: len(steps)] for steps in told)


@dataclass(slots=True)
class _Rest:
    value: dict[str, Any]
    lost_prompts: set[int] = field(default_factory=set)

    def remove(self, path: Path) -> bool:
        """Take what stands at ``path`` out; False when nobody can tell what that would change."""
        match path:
            case ():  # a key is missing: it is filled in at the end, or nothing can be said
                pass
            case ("request", str(name), *_) if name != "model" and self._has("request", name):
                self.value["request"] = _without(self.value["request"], name)
            case ("request" | "vars" as part, str(name), *_) if self._has(part, name):
                self.value[part] = self.value[part] | {name: UNKNOWN}
            case ("prompts", int(position), *inner) if self._has("prompts", position):
                self._remove_from_prompt(position, inner)
            case ("matrix", "exclude", *_):
                # an exclude less means jobs more, of which only what else is wrong is told
                self.value["matrix"] = _without(self.value["matrix"], "exclude")
            case ("matrix", str(name), *_) if name != "include" and self._has("matrix", name):
                self.value["matrix"] = self.value["matrix"] | {name: [UNKNOWN]}
            case (str(key), *_) if key in _LOOSE:
                # what is dropped is not complained of, and an unknown wish is no complaint about the models
                self.value = _without(self.value, key) | ({"unsupported": "drop"} if key == "unsupported" else {})
            case (str(key),) if key not in _TIGHT:
                self.value = _without(self.value, key)
            case _:
                return False
        return True

    def is_structured(self) -> bool:
        """Whether the rest has the structure of a spec, but for prompts that are lost."""
        prompts = self.value.get("prompts")
        if not isinstance(self.value.get("catalog"), str) or not isinstance(prompts, list):
            return False
        kept = [prompt for position, prompt in enumerate(prompts) if position not in self.lost_prompts]
        whole = {key: item for key, item in self.value.items() if key != "extends"}
        if whole.get("matrix") == {}:  # which has lost its only part
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
