"""The content of an exported folder of images, from which its page and its croissant.json are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.export.columns import ExportColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFacts:
    """One split of a dataset, which has rows."""

    name: str
    rows: int
    images: int
    """Rows with an image; the others are jobs that made none."""
    sha256: str = ""
    """The hash of its table."""
    endings: frozenset[str] = frozenset()
    """The ways in which names of its images end, such as ``png``."""

    @property
    def table(self) -> str:
        """The path of its table."""
        return f"data/{self.name}/metadata.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """A dataset as it was written."""

    splits: tuple[SplitFacts, ...]
    columns: tuple[ExportColumn, ...]
    """The columns of its tables, in order."""
    models: Mapping[str, int] = field(default_factory=dict)
    """Rows by model."""
    has_inputs: bool = False
    """Whether some rows have input images."""

    @property
    def made_from(self) -> str:
        """The inputs of the models, in words."""
        return "text and other images" if self.has_inputs else "text"

    @property
    def rows(self) -> int:
        """Rows in all splits."""
        return sum(split.rows for split in self.splits)

    @property
    def images(self) -> int:
        """Images in all splits."""
        return sum(split.images for split in self.splits)
