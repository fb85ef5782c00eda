"""The request and the report of a bench export, and which requests make no sense."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.bench.layouts.picture_plan import MissingRule, SquareRule
from qwave_batch.bench.layouts.plain_picture import PictureChange
from qwave_batch.bench.layouts.row_images import MissingImage
from qwave_batch.bench.layouts.scorer_layout import ANY, ScorerLayout
from qwave_batch.bench.layouts.scorer_layouts import layout_named
from qwave_batch.errors import UsageError
from qwave_batch.export.out_folder import OutCounts
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep

MOST_SIDE = 8_191
"""Pixels: two of them side by side are as wide as WebP can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchExportRequest:
    """A bench export as a user asks for it."""

    benchmark: str
    folders: tuple[Path | str, ...]
    """The run folders; a text is the address of one in a store."""
    out: Path
    """The folder to make."""
    model: str | None = None
    """The only model to export, into the output itself; None for all, each into a folder of its own."""
    is_shared: bool = False
    """Whether all models lie in the output itself, in a layout that holds their names."""
    missing: MissingRule = MissingRule.FAIL
    where: str | None = None
    """A template expression over the names of a manifest line; None for all jobs."""
    side: int | None = None
    """Pixels of each side of the tiles of a grid; None for the shorter side that most images of the model have."""
    square: SquareRule = SquareRule.CROP
    root: str | None = None
    """The start of the paths in a list of pictures, in place of the output's own path: where it will lie for the
    scorer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchExportReport:
    """The result of a bench export."""

    benchmark: str
    out: Path
    rule: MissingRule
    is_complete: bool
    """Whether something was exported: exit status 0."""
    models: Mapping[str, str]
    """The folder of each model below the output; empty for the output itself."""
    sides: Mapping[str, int]
    """Pixels of the side of each model's tiles, in a layout of grids."""
    pictures: int
    """Pictures that were asked for, and are in the output."""
    missing: tuple[MissingImage, ...] = field(repr=False)
    """The images that no run folder holds."""
    left_out: int
    """Pictures that are not in the output, since an image of them is missing."""
    blocked: int
    """Pictures that can't be made, although black was to take the place of what is missing."""
    changes: Mapping[PictureChange, int]
    """Images by what was done to them."""
    files: OutCounts
    """All zero where nothing was exported."""
    of_others: Mapping[str, int]
    """Jobs of other benchmarks in the folders, by name; under an empty one those of none."""

    def as_json(self) -> dict[str, Json]:
        """Return the object that the command prints with ``--json``."""
        return {
            "benchmark": self.benchmark,
            "out": str(self.out),
            "is_complete": self.is_complete,
            "models": dict(self.models),
            "sides": dict(self.sides),
            "pictures": self.pictures,
            "left_out": self.left_out,
            "missing": [missing.as_json() for missing in self.missing],
            "changes": {change.value: number for change, number in self.changes.items()},
            "files": {"written": self.files.written, "unchanged": self.files.unchanged},
        }


def layout_asked(request: BenchExportRequest) -> ScorerLayout:
    """Return the layout of the benchmark that a request names.

    Raises:
        UnknownName: there is no such benchmark.
        UsageError: an option of the request has no use there.
    """
    layout = layout_named(request.benchmark)
    if not request.folders:
        raise UsageError("there is no run folder to export")
    if request.side is not None and not layout.is_grid:
        raise UsageError(f"{request.benchmark} has no grids, so there are no tiles that could have a size")
    if request.side is not None and not 1 <= request.side <= MOST_SIDE:
        raise UsageError(f"a tile of {request.side:,} pixels can't be made; it has 1 to {MOST_SIDE:,}")
    if request.square is not SquareRule.CROP and not layout.is_grid:
        raise UsageError(f"{request.benchmark} takes images as they are, so that none becomes a square")
    if request.root is not None and (layout.listing is None or not layout.listing.is_rooted):
        raise UsageError(f"{request.benchmark} has no list of pictures with paths that could begin elsewhere")
    if request.is_shared and request.model is not None:
        raise UsageError("one model has the output for itself, so that there is none to share it with")
    _check_skip(request, layout, ANY)
    return layout


def _check_skip(request: BenchExportRequest, layout: ScorerLayout, part: str) -> None:
    reason = layout.why_no_skip(part)
    if reason and request.missing is MissingRule.SKIP:
        where = "" if part == ANY or ANY in layout.no_skip else f" in {part}"
        raise UsageError(f"no image of {request.benchmark}{where} can be left out: {reason}")


def layout_of_parts(request: BenchExportRequest, layout: ScorerLayout, parts: Sequence[str]) -> ScorerLayout:
    """Return the layout of the parts that there are, which may be that of another benchmark's scorer.

    Raises:
        UsageError: no image of a part can be left out, as is asked for; or two scorers would be needed.
    """
    for part in parts:
        _check_skip(request, layout, part)
    others = {layout.by_part[part] for part in parts if part in layout.by_part}
    if not others:
        return _checked(request, layout)
    if len(parts) > 1:
        raise UsageError(
            f"one scorer reads one of {' and '.join(parts)}, and the folders have both",
            next_steps=[Advice(NextStep.SELECT_JOBS, f"meta.set == '{parts[0]}'")],
        )
    return _checked(request, layout_named(others.pop()))


def _checked(request: BenchExportRequest, layout: ScorerLayout) -> ScorerLayout:
    """Return a layout in which the models can share the output, if they are to."""
    if request.is_shared and not layout.has_models:
        raise UsageError(
            f"the layout of {request.benchmark} does not hold a model's name, so that models can't share it"
        )
    return layout
