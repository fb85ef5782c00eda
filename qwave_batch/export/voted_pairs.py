"""Pairs of rows that people voted on: an export of preferences has a row for each vote."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.export.columns import ColumnKind, ExportColumn, Value, well_formed
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.selection import LeftOut
from qwave_batch.model.planned_stage import is_inherited_axis
from qwave_batch.voting.judged_jobs import compared_values, judged_job
from qwave_batch.voting.kept_votes import read_kept_votes
from qwave_batch.voting.vote_lines import Vote, VotedImage, Winner

_Key = tuple[int, VotedImage]
"""A row's folder, job and image."""

LABELS: Mapping[Winner, tuple[float, float]] = {
    Winner.LEFT: (1.0, 0.0),
    Winner.RIGHT: (0.0, 1.0),
    Winner.TIE: (0.5, 0.5),
    Winner.BOTH_BAD: (0.5, 0.5),
}
"""The labels of the left and the right image; both bad is a tie, and told from one by a column of its own."""


@dataclass(frozen=True, slots=True)
class VotedPair:
    """A vote with the rows of its two images."""

    vote: Vote
    left: ExportRow
    right: ExportRow

    @property
    def rows(self) -> tuple[ExportRow, ExportRow]:
        """The rows of the left and the right image."""
        return self.left, self.right

    @property
    def values(self) -> tuple[str | None, str | None]:
        """The values of the axis on both sides; None where the plan no longer has them."""
        jobs = {row.line.job_id: judged_job(row.line) for row in self.rows}
        found = compared_values(self.vote, jobs)
        return (None, None) if isinstance(found, str) else (found.left, found.right)


def voted_pairs(export: OpenExport) -> dict[str, list[VotedPair]]:
    """Return the votes of all folders on two images that are selected, by split; the others are counted.

    Both images of a pair lie in one split, as its prompt does.
    """
    votes = [(folder, vote) for folder, vote in _votes(export)]
    wanted = {(folder, image) for folder, vote in votes for image in vote.images}
    rows = _rows(export, wanted)
    found: dict[str, list[VotedPair]] = {name: [] for name in export.selected.splits}
    for folder, vote in votes:
        left, right = rows.get((folder, vote.left)), rows.get((folder, vote.right))
        if left is None or right is None or left.split != right.split:
            _leave_out(export, LeftOut.NOT_BOTH)
        elif left.line.prompt != right.line.prompt:
            _leave_out(export, LeftOut.OTHER_TEXT)
        elif left.line.parents != right.line.parents and not _is_of_parents(vote.axis, left):
            _leave_out(export, LeftOut.OTHER_PARENT)
        else:
            found[left.split].append(VotedPair(vote, left, right))
    return found


def _is_of_parents(axis: str, row: ExportRow) -> bool:
    """Whether an axis is one of an earlier stage, ``draft.model``: then whole lines of jobs were compared."""
    return bool(row.line.parents) and is_inherited_axis(axis)


def _votes(export: OpenExport) -> Iterator[tuple[int, Vote]]:
    for folder, reader in enumerate(export.readers):
        for vote in read_kept_votes(reader.layout).votes:
            yield folder, vote


def _rows(export: OpenExport, wanted: set[_Key]) -> dict[_Key, ExportRow]:
    """Return the selected rows that votes are about."""
    found: dict[_Key, ExportRow] = {}
    for row in export.selected.rows() if wanted else ():
        if row.image_index is not None:
            key = (row.folder, VotedImage(job_id=row.line.job_id, image=row.image_index))
            if key in wanted:
                found[key] = row
    return found


def _leave_out(export: OpenExport, reason: LeftOut) -> None:
    export.left_out[reason] = export.left_out.get(reason, 0) + 1


def images_of_voted_pairs(pairs: Sequence[VotedPair]) -> list[ExportRow]:
    """Return the row of each image once, in the order of the votes."""
    return list({row.key: row for pair in pairs for row in pair.rows}.values())


PREFERENCE_COLUMNS = tuple(
    ExportColumn(name, kind)
    for kind, names in (
        (ColumnKind.TEXT, ("prompt", "image_0", "image_1")),
        (ColumnKind.REAL, ("label_0", "label_1")),
        (ColumnKind.TEXT, ("model_0", "model_1", "rater", "criterion", "axis", "value_0", "value_1")),
        (ColumnKind.BOOLEAN, ("both_bad",)),
        (ColumnKind.TEXT, ("prompt_id", "job_id_0", "job_id_1")),
        (ColumnKind.INTEGER, ("image_index_0", "image_index_1")),
        (ColumnKind.TEXT, ("voted_at",)),
    )
    for name in names
)
"""The columns of a table of votes: first those that trainers read."""


def preference_record(pair: VotedPair, paths: Sequence[str]) -> dict[str, Value]:
    """Return the values of a vote by column.

    Args:
        pair: The vote with its rows.
        paths: The path of the left and of the right image.
    """
    vote, line = pair.vote, pair.left.line
    facts: dict[str, Sequence[Value]] = {
        "image": paths,
        "label": LABELS[vote.winner],
        "model": [row.line.model for row in pair.rows],
        "value": pair.values,
        "job_id": [row.line.job_id for row in pair.rows],
        "image_index": [row.image_index for row in pair.rows],
    }
    found: dict[str, Value] = {f"{name}_{side}": values[side] for name, values in facts.items() for side in (0, 1)}
    found |= {"prompt": line.prompt, "prompt_id": line.prompt_id, "both_bad": vote.winner is Winner.BOTH_BAD}
    found |= {"rater": vote.rater, "criterion": vote.criterion, "axis": vote.axis, "voted_at": vote.at}
    return {column.name: well_formed(found[column.name]) for column in PREFERENCE_COLUMNS}
