"""The choice among the jobs of a folder, from scores, checks and picks as the folder keeps them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from qwave_batch.choosing.folder_choice import FolderChoice, choose_jobs
from qwave_batch.choosing.stage_choice import AwaitedKind, WaitReason
from qwave_batch.errors import UsageError
from qwave_batch.ledger.attempt import Attempt
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.ledger.snapshots import JobSnapshot, PlanLine
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.planned_stage import ParentPick, PlannedStage
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.output.manifest_line import manifest_line
from qwave_batch.quality.folder_check import check_folder
from qwave_batch.scoring.scorer import Level, Output, ScoreError
from tests.every_case import in_one_test
from tests.scored_folders import a_score, a_scorer, image_sha256, write_scores
from tests.voted_folders import a_pick, write_folder, write_lines

DRAFT = PlannedStage(name="draft")
BEST = PlannedStage(name="night", from_stage="draft", pick=ParentPick(n=1, by="ocr.words"))
OCR = a_scorer()
DONE, FAILED, PENDING = JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.PENDING


def kept(source: str, **variables: Json) -> PlannedStage:
    return PlannedStage(name="night", from_stage="draft", where="{{ " + source + " }}", variables=variables)


def snapshot(job: Job, status: JobStatus, *, images: int = 1, also: Sequence[Duplicate] = ()) -> JobSnapshot:
    """Return a job that has begun unless it is pending."""
    files = tuple(
        ImageFile(
            path=f"images/{job.job_id}_{number}.png",
            sha256=image_sha256(job.job_id, number),
            size_bytes=1,
            width=8,
            height=8,
            format="png",
            source_url="",
        )
        for number in range(images if status is DONE else 0)
    )
    attempt = Attempt(
        job_id=job.job_id,
        number=1,
        round=0,
        state=AttemptState.STORED if status is DONE else AttemptState.FAILED,
        key="k",
        first_sent_at=None,
        held_nusd=0,
        doubt_nusd=0,
    )
    record = JobRecord(job_id=job.job_id, status=status, images=files)
    return JobSnapshot(
        row=job.index,
        position=job.index,
        line=PlanLine(job=job, also=tuple(also), record=record),
        attempt=None if status is PENDING else attempt,
    )


def job(name: str, index: int, *, stage: str = "draft", parent: Job | None = None, image: int = 1, **axes: Json) -> Job:
    return Job(
        job_id=f"{name}".ljust(16, "0"),
        index=index,
        prompt_id=name[0],
        prompt=f"Tea {name[0]}",
        model="z-image-turbo",
        action="generate",
        request={"prompt": name},
        axes=axes,
        stage=stage,
        parents=() if parent is None else (ParentLink(parent.job_id, image),),
    )


def child(parent: Job, index: int, **axes: Json) -> Job:
    inherited = {f"draft.{name}": value for name, value in parent.axes.items()}
    made = job(f"{parent.job_id[:2]}c", index, stage="night", parent=parent)
    return replace(made, axes={**axes, **inherited})


DRAFTS = [job(f"{prompt}{seed}", index, seed=seed) for index, (prompt, seed) in enumerate(product("ab", "12"))]
NIGHTS = [child(draft, 4 + number) for number, draft in enumerate(DRAFTS)]
ALL_DONE = [snapshot(draft, DONE) for draft in DRAFTS]
CHILDREN = [snapshot(night, PENDING) for night in NIGHTS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [replace(manifest_line(each.line), request={}) for each in (*ALL_DONE, *CHILDREN)]
    return write_folder(tmp_path / "run", lines)


def score(folder: Path, words: dict[str, float]) -> None:
    write_scores(
        folder, [OCR, *(a_score(OCR, name.ljust(16, "0"), {"words": number}) for name, number in words.items())]
    )


def choose(folder: Path, *stages: PlannedStage, snapshots: Sequence[JobSnapshot] = ()) -> FolderChoice:
    with open_folder(folder) as reader:
        return choose_jobs(reader, snapshots or (*ALL_DONE, *CHILDREN), (DRAFT, *stages), lambda _: True)


def decided(choice: FolderChoice) -> dict[str, str | None]:
    return {each.job_id.rstrip("0"): None if each.error is None else each.error.code for each in choice.decisions}


def waiting(choice: FolderChoice) -> dict[WaitReason, int]:
    return dict(choice.outlooks[0].waiting)


def test_the_best_of_each_prompt_is_made(folder: Path) -> None:
    score(folder, {"a1": 0.1, "a2": 0.9, "b1": 0.5, "b2": 0.5})
    choice = choose(folder, BEST)
    assert decided(choice) == {"a1c": "not_picked", "a2c": None, "b1c": None, "b2c": "not_picked"}
    assert (choice.outlooks[0].taken, choice.outlooks[0].left_out, waiting(choice)) == (2, 2, {})


def test_parents_compete_in_all_that_per_names(folder: Path) -> None:
    score(folder, {"a1": 0.1, "a2": 0.9, "b1": 0.5, "b2": 0.7})
    of_seeds = replace(BEST, pick=ParentPick(n=1, by="ocr.words", per=("seed",)))
    assert decided(choose(folder, of_seeds)) == {"a1c": "not_picked", "a2c": None, "b1c": None, "b2c": "not_picked"}
    of_all = replace(BEST, pick=ParentPick(n=1, by="ocr.words", per=("model", "repeat")))
    assert [name for name, code in decided(choose(folder, of_all)).items() if code is None] == ["a2c"]


def test_a_prompt_whose_parents_are_not_all_scored_waits(folder: Path) -> None:
    score(folder, {"a1": 0.1, "a2": 0.9, "b1": 0.5})
    choice = choose(folder, BEST)
    assert decided(choice) == {"a1c": "not_picked", "a2c": None}
    assert waiting(choice) == {WaitReason(AwaitedKind.SCORE, "ocr.words"): 2}


def test_a_prompt_whose_parents_have_not_all_ended_waits(folder: Path) -> None:
    score(folder, {"a1": 0.1, "b1": 0.5, "b2": 0.7})
    snapshots = [*ALL_DONE[:1], snapshot(DRAFTS[1], PENDING), *ALL_DONE[2:], *CHILDREN]
    choice = choose(folder, BEST, snapshots=snapshots)
    assert decided(choice) == {"b1c": "not_picked", "b2c": None}
    assert waiting(choice) == {WaitReason(AwaitedKind.PARENTS): 2}


def test_a_parent_that_failed_does_not_compete(folder: Path) -> None:
    score(folder, {"a1": 0.1, "b1": 0.5, "b2": 0.7})
    snapshots = [*ALL_DONE[:1], snapshot(DRAFTS[1], FAILED), *ALL_DONE[2:], *CHILDREN]
    assert decided(choose(folder, BEST, snapshots=snapshots)) == {"a1c": None, "b1c": "not_picked", "b2c": None}


def test_a_parent_that_the_run_tries_again_is_waited_for(folder: Path) -> None:
    score(folder, {"a1": 0.1})
    snapshots = [*ALL_DONE[:1], snapshot(DRAFTS[1], FAILED), *CHILDREN[:2]]
    with open_folder(folder) as reader:
        choice = choose_jobs(reader, snapshots, (DRAFT, BEST), lambda _: False)
    assert (decided(choice), waiting(choice)) == ({}, {WaitReason(AwaitedKind.PARENTS): 2})


def test_a_parent_without_the_image_that_its_children_need_does_not_compete(folder: Path) -> None:
    score(folder, {"a1": 0.9, "a2": 0.1})
    second = [replace(night, parents=(ParentLink(night.parents[0].job_id, 2),)) for night in NIGHTS[:2]]
    snapshots = [snapshot(DRAFTS[0], DONE), snapshot(DRAFTS[1], DONE, images=2)]
    write_scores(folder, [a_score(OCR, DRAFTS[1].job_id, {"words": 0.3}, image=1)])
    choice = choose(folder, BEST, snapshots=[*snapshots, *(snapshot(each, PENDING) for each in second)])
    assert decided(choice) == {"a2c": None}


def test_several_images_of_a_parent_have_their_mean_once_all_are_scored(folder: Path) -> None:
    score(folder, {"a1": 0.5, "a2": 0.4})
    snapshots = [snapshot(DRAFTS[0], DONE), snapshot(DRAFTS[1], DONE, images=2), *CHILDREN[:2]]
    assert waiting(choose(folder, BEST, snapshots=snapshots)) == {WaitReason(AwaitedKind.SCORE, "ocr.words"): 2}
    write_scores(folder, [a_score(OCR, DRAFTS[1].job_id, {"words": 0.8}, image=1)])
    assert decided(choose(folder, BEST, snapshots=snapshots)) == {"a1c": "not_picked", "a2c": None}


def test_a_job_that_has_begun_is_left_alone_and_its_parent_still_competes(folder: Path) -> None:
    score(folder, {"a1": 0.1, "a2": 0.9})
    choice = choose(folder, BEST, snapshots=[*ALL_DONE[:2], CHILDREN[0], snapshot(NIGHTS[1], DONE)])
    assert decided(choice) == {"a1c": "not_picked"}
    assert (choice.outlooks[0].taken, choice.outlooks[0].left_out) == (0, 1)


def test_a_score_that_can_not_be_had_leaves_its_parent_out(folder: Path) -> None:
    score(folder, {"a1": 0.1})
    write_scores(folder, [a_score(OCR, DRAFTS[1].job_id, {}, error=ScoreError("too_small", "8 x 8"))])
    assert decided(choose(folder, BEST, snapshots=[*ALL_DONE[:2], *CHILDREN[:2]])) == {"a1c": None, "a2c": "not_picked"}
    again = ScoreError("timeout", "no answer", retryable=True)
    write_scores(folder, [a_score(OCR, DRAFTS[1].job_id, {}, error=again)])
    assert waiting(choose(folder, BEST)) == {WaitReason(AwaitedKind.SCORE, "ocr.words"): 4}


def test_where_asks_for_scores_and_sees_the_parent_and_variables(folder: Path) -> None:
    score(folder, {"a1": 0.1, "a2": 0.9, "b1": 0.9})
    stage = kept("parent.scores.ocr.words > least and parent.axes.seed == '2' or parent.prompt_id == 'c'", least=0.5)
    choice = choose(folder, stage)
    assert decided(choice) == {"a1c": "left_out_by_where", "a2c": None, "b1c": "left_out_by_where"}
    assert waiting(choice) == {WaitReason(AwaitedKind.SCORE, "ocr.words"): 1}


def test_picks_and_ratings_of_people_decide(folder: Path) -> None:
    picks = [
        a_pick(DRAFTS[0].job_id, "keep", 5),
        a_pick(DRAFTS[1].job_id, "reject", 4),
        a_pick(DRAFTS[2].job_id, None, 3),
    ]
    write_lines(folder / "picks.jsonl", picks)
    by_pick = choose(folder, kept("parent.pick == 'keep'"))
    assert decided(by_pick) == {"a1c": None, "a2c": "left_out_by_where"}
    assert waiting(by_pick) == {WaitReason(AwaitedKind.PICK): 2}
    by_rating = choose(folder, replace(BEST, pick=ParentPick(n=1, by="rating", lowest=True)))
    assert decided(by_rating) == {"a1c": "not_picked", "a2c": None}
    assert waiting(by_rating) == {WaitReason(AwaitedKind.RATING): 2}


def test_findings_count_as_long_as_the_images_of_the_stage_are_those_that_were_checked(folder: Path) -> None:
    stage = kept("'undecodable' not in parent.findings")
    assert waiting(choose(folder, stage)) == {WaitReason(AwaitedKind.CHECK): 4}
    (folder / ".qwave").mkdir()
    with open_folder(folder) as reader, check_folder(reader):
        pass
    assert set(decided(choose(folder, stage)).values()) == {"left_out_by_where"}  # no file of theirs is there
    made = [*ALL_DONE, snapshot(NIGHTS[0], DONE), *CHILDREN[1:]]
    assert len(decided(choose(folder, stage, snapshots=made))) == 3
    other = [
        replace(each, line=replace(each.line, record=replace(each.line.record, images=()))) for each in ALL_DONE[:1]
    ]
    changed = choose(folder, stage, snapshots=[*other, *ALL_DONE[1:], *CHILDREN])
    assert waiting(changed) == {WaitReason(AwaitedKind.CHECK): 3}  # the fourth has no image any more


def test_where_comes_before_pick(folder: Path) -> None:
    score(folder, {"a1": 0.1, "a2": 0.9})
    stage = replace(kept("parent.scores.ocr.words < 0.5"), pick=ParentPick(n=1, by="ocr.words"))
    choice = choose(folder, stage, snapshots=[*ALL_DONE[:2], *CHILDREN[:2]])
    assert decided(choice) == {"a1c": None, "a2c": "left_out_by_where"}


def test_a_parent_that_is_not_chosen_itself_does_not_compete_in_the_next_stage(folder: Path) -> None:
    score(folder, {"a1": 0.1, "a2": 0.9, "b1": 0.1, "b2": 0.9, "a2c": 0.2})
    poster = PlannedStage(name="poster", from_stage="night", pick=ParentPick(n=1, by="ocr.words"))
    posters = [
        snapshot(job(f"{night.job_id[:2]}p", 8 + number, stage="poster", parent=night), PENDING)
        for number, night in enumerate(NIGHTS)
    ]
    nights = [CHILDREN[0], snapshot(NIGHTS[1], DONE), *CHILDREN[2:]]
    choice = choose(folder, BEST, poster, snapshots=[*ALL_DONE, *nights, *posters])
    assert decided(choice) == {"a1c": "not_picked", "b1c": "not_picked", "b2c": None, "a2p": None}
    assert dict(choice.outlooks[1].waiting) == {WaitReason(AwaitedKind.PARENTS): 1}


def test_each_place_of_a_parent_is_asked_and_a_child_is_made_if_one_of_its_places_is_taken(folder: Path) -> None:
    score(folder, {"a1": 0.9})
    twice = Duplicate(job_id=DRAFTS[0].job_id, index=9, prompt_id="a", axes={"seed": "7"})
    own, other = CHILDREN[0], snapshot(child(replace(DRAFTS[0], axes={"seed": "7"}), 5), PENDING)
    other = replace(other, line=replace(other.line, job=replace(other.line.job, job_id="a7c".ljust(16, "0"))))
    parents = [snapshot(DRAFTS[0], DONE, also=[twice])]
    stage = kept("parent.scores.ocr.words > 0.5 and parent.axes.seed == '7'")
    choice = choose(folder, stage, snapshots=[*parents, own, other])
    assert decided(choice) == {"a1c": "left_out_by_where", "a7c": None}
    again = Duplicate(job_id=own.line.job.job_id, index=10, prompt_id="a", axes={"draft.seed": "7"})
    folded = snapshot(own.line.job, PENDING, also=[again])
    assert decided(choose(folder, stage, snapshots=[*parents, folded])) == {"a1c": None}


@in_one_test(
    ("source", "message"),
    [
        ("parent.scores.ocr.words", r'where of stage "night" on job a1.*true or false, and gives 0.9'),
        ("parent.scores.ocr.words > parent.meta.least", r'where of stage "night" on job a1.*least'),
        ("parent.scores.judge.wins > 1", 'stage "night" asks for judge.wins, which is a score of several images'),
    ],
)
def test_a_where_that_can_not_be_answered_is_a_mistake_of_its_author(
    tmp_path_factory: pytest.TempPathFactory, source: str, message: str
) -> None:
    folder = write_folder(tmp_path_factory.mktemp("mistaken"), [])
    score(folder, {"a1": 0.9})
    write_scores(folder, [a_scorer("judge", {"wins": Output()}, level=Level.PAIR)])
    with pytest.raises(UsageError, match=message):
        choose(folder, kept(source))


@in_one_test(
    ("pick", "told"),
    [
        (ParentPick(n=1, by="ocr.words"), []),
        (ParentPick(n=1, by="ocr.cer", lowest=True), []),
        (
            ParentPick(n=1, by="ocr.cer"),
            ['stage "night" picks the highest ocr.cer, and its scorer says that lower is better'],
        ),
        (
            ParentPick(n=1, by="ocr.words", lowest=True),
            ['stage "night" picks the lowest ocr.words, and its scorer says that higher is better'],
        ),
    ],
)
def test_picking_the_worst_is_doubted(
    tmp_path_factory: pytest.TempPathFactory, pick: ParentPick, told: list[str]
) -> None:
    folder = write_folder(tmp_path_factory.mktemp("doubtful"), [])
    score(folder, {})
    (outlook,) = choose(folder, replace(BEST, pick=pick)).outlooks
    assert [str(note) for note in outlook.doubts()] == told


def test_a_child_that_is_skipped_anyway_is_not_decided(folder: Path) -> None:
    score(folder, {"a1": 0.1, "a2": 0.9})
    skipped = replace(NIGHTS[1], skip=JobError(code="unsupported", message="no such size"))
    choice = choose(folder, BEST, snapshots=[*ALL_DONE[:2], CHILDREN[0], snapshot(skipped, PENDING)])
    assert decided(choice) == {"a1c": None}


def test_parents_that_lead_in_a_circle_end(folder: Path) -> None:
    score(folder, {"a1": 0.9})
    looped = replace(DRAFTS[0], parents=(ParentLink(DRAFTS[0].job_id, 1),))
    choice = choose(folder, kept("parent.scores.ocr.words > 0.5"), snapshots=[snapshot(looped, DONE), CHILDREN[0]])
    assert decided(choice) == {"a1c": None}
