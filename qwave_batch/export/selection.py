"""Selects the rows of an export: what a condition, the splits and the findings of checks leave of the folders."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.export.columns import ColumnSurvey, ExportTable
from qwave_batch.export.export_request import ExportRequest
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.row_condition import row_condition
from qwave_batch.export.row_spool import RowSpool
from qwave_batch.export.splits import (
    TRAIN,
    AxisSplit,
    FractionSplit,
    OneSplit,
    SplitRule,
    TagSplit,
    deal,
    split_of_line,
)
from qwave_batch.model.record import ImageFile
from qwave_batch.model.work_progress import OnWork, WorkProgress
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.scoring.kept_scores import KeptScores, read_kept_scores
from qwave_batch.scoring.scorer import Level
from qwave_batch.voting.image_picks import NOT_PICKED, PickedImage, picked_images
from qwave_batch.voting.kept_votes import read_kept_picks
from qwave_batch.voting.vote_lines import VotedImage

IsDropped = Callable[[ManifestLine, ImageFile], bool]
"""Whether a finding of a check leaves an image out."""


class LeftOut(StrEnum):
    """The reasons for which a job or an image of the folders has no row."""

    NO_IMAGE = "no_image"
    """Jobs without an image: failed, refused, skipped or not made yet."""
    CONDITION = "condition"
    """Jobs or images that do not meet the condition."""
    FINDING = "finding"
    """Images that a check has found something about."""
    NO_SPLIT = "no_split"
    """Images without a tag or value that names a split."""
    TWICE = "twice"
    """Images that another folder has brought, of the same job and with the same bytes."""
    NO_INPUT = "no_input"
    """Images of jobs without an input image, in a format of edits."""
    NOT_BOTH = "not_both"
    """Votes on a pair of which an image has no row, in a format of pairs that people voted on."""
    OTHER_TEXT = "other_text"
    """Votes on images that were made of different prompts, in such a format."""
    OTHER_PARENT = "other_parent"
    """Votes on images that were made from different images, other than by an axis of an earlier stage, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """The selected rows, and what they have in common."""

    spool: RowSpool = field(repr=False)
    table: ExportTable
    splits: Mapping[str, int]
    """Rows by split, in the order of the rule; a split without rows is there if the rule names it."""
    endings: Mapping[str, int]
    """Images by the ending of their exported file, such as ``png``."""
    left_out: Mapping[LeftOut, int]

    @property
    def count(self) -> int:
        """Rows in all splits."""
        return sum(self.splits.values())

    def rows(self, split: str | None = None) -> Iterator[ExportRow]:
        """Yield the rows of a split, or all, in order."""
        return self.spool.rows(split)


def select_rows(
    request: ExportRequest,
    readers: Sequence[FolderReader],
    dropped: Sequence[IsDropped],
    spool: RowSpool,
    on_work: OnWork,
) -> Selected:
    """Read the folders once and return what is selected.

    Args:
        request: The export.
        readers: The open folders.
        dropped: For each folder the findings of its checks.
        spool: An empty one.
        on_work: Told of the jobs that were read.

    Raises:
        UsageError: the condition or the split rule fails on a row, or would have a prompt in two splits.
        SpecError: a folder's picks are broken.
        FolderError, StorageError: as ``FolderReader.lines`` does; or a folder's scores are broken.
    """
    runs = folder_labels(readers)
    scores = [read_kept_scores(reader) for reader in readers]
    names = frozenset(name for kept in scores for name in kept.outputs_of(Level.IMAGE))
    selection = _Selection(request, runs, spool, row_condition(request.where, names))
    for folder, (reader, is_dropped) in enumerate(zip(readers, dropped, strict=True)):
        picked = picked_images(read_kept_picks(reader.layout))
        for line in reader.lines():
            selection.add(folder, line, is_dropped, picked, scores[folder])
            on_work(WorkProgress(done=selection.lines, doing="reading the folders"))
    return selection.end()


@dataclass(slots=True)
class _Selection:
    request: ExportRequest
    runs: Sequence[str]
    spool: RowSpool
    is_met: Callable[[ExportRow], bool]
    lines: int = 0
    axes: set[str] = field(default_factory=set)
    left_out: dict[LeftOut, int] = field(default_factory=dict)
    endings: dict[str, int] = field(default_factory=dict)
    survey: ColumnSurvey = field(init=False)

    def __post_init__(self) -> None:
        self.survey = ColumnSurvey(has_splits=self.request.split != OneSplit(), has_runs=len(self.runs) > 1)

    def add(
        self,
        folder: int,
        line: ManifestLine,
        is_dropped: IsDropped,
        picked: Mapping[VotedImage, PickedImage],
        scores: KeptScores,
    ) -> None:
        self.lines += 1
        self.axes |= line.axes.keys()
        if not line.images and not self.request.has_failed:
            self._leave_out(LeftOut.NO_IMAGE)
            return
        for index, image in enumerate(line.images) if line.images else ((None, None),):
            verdict = NOT_PICKED
            if index is not None:
                verdict = picked.get(VotedImage(job_id=line.job_id, image=index), NOT_PICKED)
            row = ExportRow(
                folder=folder,
                run=self.runs[folder],
                line=line,
                image=image,
                image_index=index,
                split=TRAIN,
                picked=verdict,
                scores={} if image is None or index is None else scores.of(line.job_id, index, image.sha256),
            )
            reason = self._reason_against(row, is_dropped)
            split = None if reason else split_of_line(self.request.split, line)
            if split is not None:
                self._take(replace(row, split=split))
            else:
                self._leave_out(reason or LeftOut.NO_SPLIT)

    def _reason_against(self, row: ExportRow, is_dropped: IsDropped) -> LeftOut | None:
        if not self.is_met(row):
            return LeftOut.CONDITION
        if row.image is not None and is_dropped(row.line, row.image):
            return LeftOut.FINDING
        return None

    def _take(self, row: ExportRow) -> None:
        if not self.spool.add(row):
            self._leave_out(LeftOut.TWICE)
            return
        self.survey.add(row)
        if row.image is not None:
            ending = self.request.image.ending_of(row.image)
            self.endings[ending] = self.endings.get(ending, 0) + 1

    def _leave_out(self, reason: LeftOut) -> None:
        self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def end(self) -> Selected:
        rule = self.request.split
        if isinstance(rule, AxisSplit) and self.lines and rule.axis not in self.axes:
            raise UnknownName("axis", rule.axis, sorted(self.axes), hint=f"there is {', '.join(sorted(self.axes))}")
        if not isinstance(rule, OneSplit):
            self._settle_splits(rule)
        counts = self.spool.counts()
        return Selected(
            spool=self.spool,
            table=self.survey.table(),
            splits={name: counts.get(name, 0) for name in _split_names(rule, counts)},
            endings=self.endings,
            left_out=self.left_out,
        )

    def _settle_splits(self, rule: SplitRule) -> None:
        self.spool.group_prompts()
        if isinstance(rule, FractionSplit):
            self.spool.assign(deal(self.spool.prompts(), rule))
            return
        conflict = self.spool.conflict()
        if conflict is not None:
            raise UsageError(
                f'the prompt "{conflict.prompt_id}" would lie in the splits {" and ".join(conflict.splits)}: what is '
                "tested would have been seen in training; split by something that prompts do not share, or by shares"
            )


def _split_names(rule: SplitRule, counts: Mapping[str, int]) -> Sequence[str]:
    match rule:
        case OneSplit():
            return (TRAIN,)
        case FractionSplit(shares):
            return tuple(name for name, _ in shares)
        case TagSplit(tags):
            return tags
        case AxisSplit():
            return sorted(counts)
