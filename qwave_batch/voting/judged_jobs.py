"""The jobs of run folders that votes and picks are about: their places in the plan, and what a pair of them compares.

A job that folded with others stands in several places of the plan, each with values of its own. A pair is read in the
two places that belong together: of the same prompt, equal in all axes but the one that is compared.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from qwave_batch.model.axis_labels import axis_label, model_label
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.voting.vote_lines import Vote, VotedFolder, VotedRun

MODEL, REPEAT = "model", "repeat"
"""Every job has them, and can be compared in them as in an axis."""
STAGE = "stage"
"""Every job of a spec with stages has one likewise; an axis of that name hides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlace:
    """One place of a job in the plan."""

    prompt_id: str
    values: Mapping[str, str]
    """By axis: the value as a text. The model, the repeat and the stage are axes too."""
    tags: frozenset[str]
    does_model_follow: bool = False
    """Whether its stage does not choose the model, which follows from the parent then and is not an axis of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedJob:
    """A job that somebody judged."""

    prompt: str
    images: int
    places: tuple[JobPlace, ...]


@dataclass(frozen=True, slots=True)
class PromptKey:
    """A prompt: two of one id with different texts are two."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedValues:
    """The values that a vote compares."""

    left: str
    """The value of the axis on the left."""
    right: str
    prompts: tuple[PromptKey, PromptKey]
    """Left and right; they differ where the axis changes the text."""
    tags: frozenset[str]
    """The tags of both."""
    is_pure: bool
    """Whether the two differ in that axis only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedFolder:
    """A run folder as far as it matters to votes and picks."""

    folder_id: str | None
    specs: frozenset[str]
    """The hashes by which its spec is known."""
    jobs: Mapping[str, JudgedJob] = field(repr=False)
    """The jobs that were asked for, by id; those that left the plan are not there."""

    def is_named(self, run: VotedRun) -> bool:
        """Whether a line says that it is about this folder, perhaps beside others."""
        return any(map(self._is, run.folders))

    def has_same_spec(self, run: VotedRun) -> bool:
        """Whether a line was made when the folder had the spec that it has now."""
        return any(
            self._is(each) and (each.spec_sha256 is None or each.spec_sha256 in self.specs) for each in run.folders
        )

    def _is(self, other: VotedFolder) -> bool:
        if other.id is not None and self.folder_id is not None:
            return other.id == self.folder_id
        return other.spec_sha256 in self.specs


def read_judged_folder(reader: FolderReader, wanted: Collection[str]) -> JudgedFolder:
    """Return what is known of some jobs of a run folder; it is read once, and not at all for none.

    Raises:
        FolderError, StorageError: as ``FolderReader.lines``.
    """
    jobs: dict[str, JudgedJob] = {}
    for line in reader.lines() if wanted else ():
        if line.job_id in wanted:
            jobs[line.job_id] = judged_job(line)
    header = reader.header()
    summary = header.summary or {}
    hashes = (summary.get("spec_sha256"), summary.get("spec_file_sha256"))
    return JudgedFolder(
        folder_id=header.folder_id,
        specs=frozenset(each for each in hashes if isinstance(each, str)),
        jobs=jobs,
    )


def judged_job(line: ManifestLine) -> JudgedJob:
    """Return what matters of a line to those who judge its images."""
    own = _place(line, line.prompt_id, line.axes, line.tags)
    also = (_place(line, each.prompt_id, each.axes, each.tags) for each in line.also)
    return JudgedJob(prompt=line.prompt, images=len(line.images), places=(own, *also))


def _place(line: ManifestLine, prompt_id: str, axes: Mapping[str, Json], tags: Collection[str]) -> JobPlace:
    stage = {STAGE: line.stage} if line.stage else {}
    values = {**stage, **{name: axis_label(value) for name, value in axes.items()}}
    return JobPlace(
        prompt_id=prompt_id,
        values={**values, MODEL: model_label(axes, line.model), REPEAT: str(line.repeat)},
        tags=frozenset(tags),
        does_model_follow=does_model_follow(line, axes),
    )


def does_model_follow(line: ManifestLine, axes: Mapping[str, Json]) -> bool:
    """Whether the model of a job in one of its places is chosen by the stages before, as in `{{ parent.model }}`."""
    return bool(line.parents) and MODEL not in axes


def compared_values(vote: Vote, jobs: Mapping[str, JudgedJob]) -> ComparedValues | str:
    """Return what a vote compares, or why it compares nothing; both of its jobs must be there."""
    left, right = jobs[vote.left.job_id], jobs[vote.right.job_id]
    best: ComparedValues | None = None
    has_axis = is_different = False
    for one, other in product(left.places, right.places):
        if vote.axis not in one.values or vote.axis not in other.values:
            continue
        has_axis = True
        if one.values[vote.axis] == other.values[vote.axis]:
            continue
        is_different = True
        if one.prompt_id != other.prompt_id:
            continue
        found = ComparedValues(
            left=one.values[vote.axis],
            right=other.values[vote.axis],
            prompts=(PromptKey(one.prompt_id, left.prompt), PromptKey(other.prompt_id, right.prompt)),
            tags=one.tags & other.tags,
            is_pure=not any(_differing(one, other, vote.axis)),
        )
        if found.is_pure:
            return found
        best = best or found
    if best is not None:
        return best
    if not has_axis:
        return f'its jobs have no axis "{vote.axis}"'
    return "left and right are of different prompts" if is_different else f"left and right have the same {vote.axis}"


def _differing(one: JobPlace, other: JobPlace, axis: str) -> Iterator[str]:
    """Yield the axes, but for one, in which two places differ."""
    followers = {MODEL} if one.does_model_follow and other.does_model_follow else set()
    for name in {*one.values, *other.values} - {axis} - followers:
        if one.values.get(name) != other.values.get(name):
            yield name
