"""Facts about an import that deserve a look, though nothing is wrong enough to refuse it."""

from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.model.jsontypes import Json


class ImportNoteKind(StrEnum):
    """The subject of a note."""

    OTHER_COUNT = "other_count"
    """A part has ``found`` prompts, and its official files ``expected``."""
    PART_NOT_FOUND = "part_not_found"
    """The files of some parts are not there: their prompts are not in the spec."""
    OTHER_PART = "other_part"
    """A part is there too and was left out, since its scorer reads one at a time."""
    NO_QUESTIONS = "no_questions"
    """The file with the questions is not there, so that prompts have none."""
    EQUAL_PROMPTS = "equal_prompts"
    """So many prompts are equal to an earlier one; each has images of its own."""
    CHOSEN_MODEL = "chosen_model"
    """No model was named, and the cheapest that fits was taken."""
    NO_SQUARES = "no_squares"
    """A model takes no shape, and the scorer needs squares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportNote:
    """A fact about an import."""

    kind: ImportNoteKind
    about: str = ""
    """The part, file or model that it is about."""
    found: int = 0
    expected: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return it for programs."""
        return {
            "kind": self.kind.value,
            "about": self.about or None,
            "found": self.found,
            "expected": list(self.expected),
        }
