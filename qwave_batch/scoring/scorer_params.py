"""The parameters that a user sets for a built-in scorer, read strictly."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from qwave_batch.errors import UnknownName, UsageError


@dataclass(frozen=True, slots=True)
class ScorerParams:
    """Texts by name, each to be read once; ``refuse_others`` ends the reading."""

    scorer: str
    given: Mapping[str, str]
    _known: set[str] = field(default_factory=set)

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """Return one of several values.

        Raises:
            UsageError: another one was given.
        """
        self._known.add(name)
        value = self.given.get(name, default)
        if value not in choices:
            raise UsageError(f"the parameter {name} of {self.scorer} is {value!r}, not one of {', '.join(choices)}")
        return value

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """Return a number in a range.

        Raises:
            UsageError: it is not a number, or is outside.
        """
        self._known.add(name)
        text = self.given.get(name, str(default))
        try:
            value = float(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise UsageError(f"the parameter {name} of {self.scorer} is {text!r}, not a number from {least} to {most}")
        return value

    def refuse_others(self) -> None:
        """Raise UnknownName for a parameter that nothing has read."""
        for name in self.given:
            if name not in self._known:
                known = sorted(self._known)
                hint = f"it has {', '.join(known)}" if known else "it takes none"
                raise UnknownName(f"parameter of the scorer {self.scorer}", name, known, hint=hint)
