"""Imports files of votes and picks into a run folder: each line is held to the folder before anything is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.problem import Problem
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.voting.judged_jobs import JudgedFolder, compared_values, read_judged_folder
from qwave_batch.voting.kept_votes import KeptVotes, merge_into_folder, read_kept_votes
from qwave_batch.voting.vote_files import MOST_FAULTS, BrokenVotes, PlacedLine, read_voting_file
from qwave_batch.voting.vote_lines import Pick, Vote, VotedImage, VotingLine
from qwave_batch.voting.vote_merging import images_of_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedVotes:
    """The result of an import."""

    votes: int = 0
    """Votes that were not there yet."""
    picks: int = 0
    replaced: int = 0
    """Votes and picks of raters who have changed their mind since."""
    read: int = 0
    """Lines in all files; those that were there already and changed nothing count too."""
    of_other_folders: int = 0
    """Lines that are about other run folders, which a page of several folders brings."""
    left_plan: int = 0
    """Lines about jobs that the folder's plan no longer holds."""


@dataclass(slots=True)
class _Sorted:
    """The lines of one file, by what is done with them."""

    taken: list[VotingLine] = field(default_factory=list)
    elsewhere: list[PlacedLine] = field(default_factory=list)
    left_plan: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingImport:
    """Lines that were read and are right, before anything is written."""

    votes: tuple[Vote, ...] = field(repr=False)
    picks: tuple[Pick, ...] = field(repr=False)
    kept: KeptVotes = field(repr=False)
    """The votes and picks that the folder held before."""
    counts: ImportedVotes
    """The lines that are left out."""

    def write(self, layout: RunLayout) -> ImportedVotes:
        """Merge the lines into those of the run folder, durably.

        Raises:
            FolderBusy, StorageError: as ``merge_into_folder``.
        """
        votes, picks = merge_into_folder(layout, self.votes, self.picks)
        return replace(self.counts, votes=votes.added, picks=picks.added, replaced=votes.replaced + picks.replaced)


def read_import(reader: FolderReader, files: Sequence[Path]) -> PendingImport:
    """Read files of votes and picks and hold every line to a run folder; nothing is written.

    Raises:
        BrokenVotes: lines are not right, or not about this folder; all are listed.
        UsageError: a file can't be read.
        FolderError, StorageError: the folder can't be read.
    """
    lines = _read(files)
    kept = read_kept_votes(reader.layout)
    wanted = {image.job_id for of_file in lines for each in of_file for image in _images(each)}
    folder = read_judged_folder(reader, wanted)
    problems: list[Problem] = []
    pairs = images_of_pairs(kept.votes)
    found = [_sort(of_file, folder, pairs, problems) for of_file in lines]
    if problems:
        raise BrokenVotes(problems[:MOST_FAULTS])
    taken = [line for each in found for line in each.taken]
    return PendingImport(
        votes=tuple(each for each in taken if isinstance(each, Vote)),
        picks=tuple(replace(each, run=None) for each in taken if isinstance(each, Pick)),
        kept=kept,
        counts=ImportedVotes(
            read=sum(each.read for each in found),
            of_other_folders=sum(len(each.elsewhere) for each in found),
            left_plan=sum(each.left_plan for each in found),
        ),
    )


def _read(files: Sequence[Path]) -> list[list[PlacedLine]]:
    """Return the lines of each file; a mistake in any of them ends it."""
    lines: list[list[PlacedLine]] = []
    problems: list[Problem] = []
    for file in files:
        lines.append([])
        for found in read_voting_file(file):
            if isinstance(found, PlacedLine):
                lines[-1].append(found)
            else:
                problems.append(found)
            if len(problems) == MOST_FAULTS:
                raise BrokenVotes(problems)
    if problems:
        raise BrokenVotes(problems)
    return lines


def _sort(
    lines: Sequence[PlacedLine],
    folder: JudgedFolder,
    pairs: dict[str, tuple[VotedImage, VotedImage]],
    problems: list[Problem],
) -> _Sorted:
    """Return what is done with the lines of a file; what is wrong with them is added to ``problems``."""
    found = _Sorted(read=len(lines))
    for placed in lines:
        if _is_elsewhere(placed.line, folder):
            found.elsewhere.append(placed)
        elif _has_left(placed, folder):
            found.left_plan += 1
        else:
            faults = list(_faults(placed.line, folder, pairs))
            problems += (Problem(message=fault, path=path, place=placed.place) for path, fault in faults)
            found.taken += [] if faults else [placed.line]
    if found.elsewhere and len(found.elsewhere) == len(lines):
        place = found.elsewhere[0].place
        problems.append(Problem(message=_of_another(found.elsewhere[0].line, folder), path="run", place=place))
    return found


def _images(placed: PlacedLine) -> Sequence[VotedImage]:
    line = placed.line
    return line.images if isinstance(line, Vote) else (line.subject,)


def _is_elsewhere(line: VotingLine, folder: JudgedFolder) -> bool:
    """Whether a line is about another folder, as far as it says so."""
    if line.run is None:
        return False
    if not folder.is_named(line.run):
        return True
    images = line.images if isinstance(line, Vote) else (line.subject,)
    return len(line.run.folders) > 1 and any(image.job_id not in folder.jobs for image in images)


def _has_left(placed: PlacedLine, folder: JudgedFolder) -> bool:
    """Whether a line is about a job that was in the plan of an earlier spec of this folder."""
    run = placed.line.run
    is_known = all(image.job_id in folder.jobs for image in _images(placed))
    return run is not None and not is_known and not folder.has_same_spec(run)


def _faults(
    line: VotingLine, folder: JudgedFolder, pairs: dict[str, tuple[VotedImage, VotedImage]]
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a line that is about this folder: path and reason."""
    images: Mapping[str, VotedImage] = (
        {"left": line.left, "right": line.right} if isinstance(line, Vote) else {"job_id": line.subject}
    )
    faults = [(path, fault) for path, image in images.items() for fault in _faults_of_image(image, folder)]
    yield from faults
    if faults or not isinstance(line, Vote):
        return
    comparison = compared_values(line, folder.jobs)
    if isinstance(comparison, str):
        yield "axis", comparison
    if pairs.setdefault(line.pair, line.images) != line.images:
        yield "pair", f'the pair "{line.pair}" stands for two other images in another vote'


def _faults_of_image(image: VotedImage, folder: JudgedFolder) -> Iterator[str]:
    job = folder.jobs.get(image.job_id)
    if job is None:
        yield f"there is no job {image.job_id} in the run folder"
    elif image.image >= job.images:
        there = f"its images are 0 to {job.images - 1}" if job.images else "it has none"
        yield f"there is no image {image.image} of job {image.job_id}: {there}"


def _of_another(line: VotingLine, folder: JudgedFolder) -> str:
    names = [name for each in (line.run.folders if line.run else ()) for name in each.names.values()]
    own = folder.folder_id or ", ".join(sorted(folder.specs)) or "unknown"
    return f"it is about another run folder ({', '.join(names)}); this one is {own}"
