"""Names of exported files: numbers of one width, without a dot, below a folder for each split."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qwave_batch.export.columns import well_formed
from qwave_batch.export.splits import OneSplit, SplitRule

_LEAST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Numbering:
    """Names in a folder that no loader cuts at a dot, sorts in another order, or takes for the name of a split."""

    folder: str
    """With a slash at its end; empty for the output itself."""
    count: int
    """The names that are needed."""

    def stem(self, number: int) -> str:
        """Return the name of a file without its folder and its ending."""
        return f"{number:0{max(_LEAST_DIGITS, len(str(max(0, self.count - 1))))}}"

    def path(self, number: int, ending: str) -> str:
        """Return the path of a file from the output."""
        return f"{self.folder}{self.stem(number)}.{ending}"


def split_folders(rule: SplitRule, counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield each split that has rows with its folder, which is the output itself where nobody asked for splits."""
    for split, count in counts.items():
        if count:
            yield split, "" if isinstance(rule, OneSplit) else f"{split}/"


def caption_of(prompt: str) -> str:
    """Return a prompt on one line: every end of a line in it, as any reader knows them, becomes a blank."""
    return str(well_formed(" ".join(prompt.splitlines())))
