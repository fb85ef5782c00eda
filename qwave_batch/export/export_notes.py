"""Facts about an export that deserve a look; only the command line words them."""

from dataclasses import dataclass, field
from enum import StrEnum

from qwave_batch.model.jsontypes import Json

_NAMED = 10
"""Examples of one kind that are kept."""


class NoteKind(StrEnum):
    """The kinds of notes."""

    UNUSABLE = "unusable"
    """Images that are missing or damaged in their run folder; they have no row."""
    INPUT_ON_THE_WEB = "input_on_the_web"
    """Input images on the web, which a dataset names and does not hold."""
    INPUT_MISSING = "input_missing"
    """Input images that are missing or damaged in their run folder; their rows are without them."""
    SIGNED = "signed"
    """Images that carry C2PA, and were kept as they are with their mark beside them."""
    SIGNATURE_LOST = "signature_lost"
    """Images that carry C2PA in the run folder, and were encoded anew, which leaves nothing of it."""
    MARK_BESIDE = "mark_beside"
    """Images whose format or file takes no XMP, with their mark beside them."""
    NO_GALLERY_TEXT = "no_gallery_text"
    """Images whose file takes no text for galleries, so that it was left out."""
    OTHER_GALLERY_TEXT = "other_gallery_text"
    """Images that had a text for galleries already, which was kept."""
    PROMPT_TOO_LONG = "prompt_too_long"
    """Images whose format has no room for their prompt in the text for galleries, which has the rest only."""
    TOO_MANY_FILES = "too_many_files"
    """More images than the Hub takes as single files."""
    NOT_SAID = "not_said"
    """Fields that only the author can fill in, and has not."""
    CROISSANT_UNREADABLE = "croissant_unreadable"
    """Splits whose images Croissant's own library can't open."""
    WITHOUT_INPUT = "without_input"
    """Images with an input that nobody has kept, such as one on the web that is gone; they have no pair."""


INCOMPLETE = frozenset({NoteKind.UNUSABLE, NoteKind.INPUT_MISSING})
"""Kinds after which the export does not hold all that it should: exit status 1."""


@dataclass(frozen=True, slots=True)
class Example:
    """One thing that a note is about."""

    about: str
    """An image, a field or a folder."""
    reason: str = ""


@dataclass(slots=True)
class Notes:
    """The notes of one export: how many of each kind, with the first few."""

    counts: dict[NoteKind, int] = field(default_factory=dict)
    examples: dict[NoteKind, list[Example]] = field(default_factory=dict)

    def add(self, kind: NoteKind, about: str, reason: str = "") -> None:
        """Note something."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        named = self.examples.setdefault(kind, [])
        if len(named) < _NAMED:
            named.append(Example(about, reason))

    def as_json(self) -> list[Json]:
        """Return a list of objects, one for each kind."""
        return [
            {
                "kind": kind.value,
                "count": number,
                "examples": [{"about": each.about, "reason": each.reason} for each in self.examples[kind]],
            }
            for kind, number in self.counts.items()
        ]

    @property
    def is_complete(self) -> bool:
        """Whether the export holds all that it should."""
        return INCOMPLETE.isdisjoint(self.counts)
