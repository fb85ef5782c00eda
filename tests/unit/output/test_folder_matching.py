"""Jobs of two folders find each other: by id, else by the place that they stand in."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.output.folder_matching import ChangeKind, JobChange, MatchedJob, MatchedPlace, match_folders

SAME, CHANGED, NEW, GONE = ChangeKind.SAME, ChangeKind.CHANGED, ChangeKind.NEW, ChangeKind.GONE


def place(prompt_id: str, prompt: str = "a cup", setting: str = "m") -> MatchedPlace:
    return MatchedPlace(prompt_id=prompt_id, prompt=prompt, setting=setting)


def job(job_id: str, *places: MatchedPlace, image: str = "i", status: str = "completed") -> MatchedJob:
    return MatchedJob(job_id=job_id, status=status, images=(image,), places=places)


CUP = job("1", place("cup"))


def kinds(earlier: Sequence[MatchedJob], later: Sequence[MatchedJob]) -> list[ChangeKind]:
    return [change.kind for change in match_folders(earlier, later)]


def test_the_same_request_with_the_same_image_is_the_same() -> None:
    assert match_folders([CUP], [CUP]) == [JobChange(SAME, 0, 0)]


def test_the_same_request_with_another_image_is_changed() -> None:
    assert match_folders([CUP], [replace(CUP, images=("j",))]) == [JobChange(CHANGED, 0, 0)]


def test_a_job_that_fails_now_is_changed() -> None:
    assert kinds([replace(CUP, images=(), status="pending")], [replace(CUP, images=(), status="failed")]) == [CHANGED]


def test_the_same_request_is_found_again_under_another_prompt_id() -> None:
    assert match_folders([CUP], [job("1", place("mug"))]) == [JobChange(SAME, 0, 0)]


def test_another_request_in_the_same_place_is_changed() -> None:
    """Though the image is the same: what was asked for is not."""
    assert match_folders([CUP], [job("2", place("cup"))]) == [JobChange(CHANGED, 0, 0)]


def test_a_prompt_with_another_text_is_found_by_its_id() -> None:
    assert match_folders([CUP], [job("2", place("cup", "a blue cup"))]) == [JobChange(CHANGED, 0, 0)]


def test_a_prompt_with_another_id_is_found_by_its_text() -> None:
    assert match_folders([CUP], [job("2", place("mug"))]) == [JobChange(CHANGED, 0, 0)]


def test_id_and_text_together_come_before_either_alone() -> None:
    earlier = [job("1", place("p1", "a cup")), job("2", place("p2", "a mug"))]
    later = [job("3", place("p1", "a mug")), job("4", place("p2", "a mug"))]
    assert match_folders(earlier, later) == [JobChange(CHANGED, 0, 0), JobChange(CHANGED, 1, 1)]


def test_another_setting_is_another_place() -> None:
    later = job("2", place("cup", setting="n"))
    assert match_folders([CUP], [later]) == [JobChange(NEW, None, 0), JobChange(GONE, 0, None)]


def test_a_job_that_folds_no_longer_is_changed_in_each_of_its_places() -> None:
    folded = job("1", place("cup"), place("mug"))
    now = [job("2", place("cup", "a blue cup")), job("1", place("mug"))]
    assert match_folders([folded], now) == [JobChange(CHANGED, 0, 0), JobChange(SAME, 0, 1)]


def test_jobs_that_changed_places_are_told_apart_by_their_ids() -> None:
    one, other = job("1", place("cup", "x")), job("2", place("mug", "y"))
    now = [replace(one, places=other.places), replace(other, places=one.places)]
    assert match_folders([one, other], now) == [JobChange(SAME, 0, 0), JobChange(SAME, 1, 1)]


places = st.builds(place, st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from("mn"))
jobs = st.builds(
    MatchedJob,
    job_id=st.sampled_from("12345"),
    status=st.sampled_from(["completed", "failed"]),
    images=st.lists(st.sampled_from("ij"), max_size=2).map(tuple),
    places=st.lists(places, min_size=1, max_size=3).map(tuple),
)
folders = st.lists(jobs, max_size=5, unique_by=lambda each: each.job_id)


@given(folders, folders)
def test_every_job_of_both_folders_is_told_of(earlier: list[MatchedJob], later: list[MatchedJob]) -> None:
    changes = match_folders(earlier, later)
    assert {change.before for change in changes} - {None} == set(range(len(earlier)))
    assert {change.after for change in changes} - {None} == set(range(len(later)))
    assert len(set(changes)) == len(changes)


@given(folders, folders)
def test_new_and_gone_jobs_have_no_match(earlier: list[MatchedJob], later: list[MatchedJob]) -> None:
    changes = match_folders(earlier, later)
    paired = [change for change in changes if change.before is not None and change.after is not None]
    for change in changes:
        assert (change.kind is NEW) == (change.before is None)
        assert (change.kind is GONE) == (change.after is None)
    assert not {c.before for c in paired} & {c.before for c in changes if c.kind is GONE}
    assert not {c.after for c in paired} & {c.after for c in changes if c.kind is NEW}


@given(folders, folders)
def test_same_is_the_same_request_end_and_images(earlier: list[MatchedJob], later: list[MatchedJob]) -> None:
    for change in match_folders(earlier, later):
        if change.before is not None and change.after is not None:
            before, after = earlier[change.before], later[change.after]
            is_same = (before.job_id, before.status, before.images) == (after.job_id, after.status, after.images)
            assert (change.kind is SAME) == is_same


@given(folders)
def test_a_folder_beside_itself_has_not_changed(folder: list[MatchedJob]) -> None:
    assert match_folders(folder, folder) == [JobChange(SAME, number, number) for number in range(len(folder))]


@given(folders, folders)
def test_seen_from_the_other_folder_new_and_gone_change_places(
    earlier: list[MatchedJob], later: list[MatchedJob]
) -> None:
    turned = {NEW: GONE, GONE: NEW, SAME: SAME, CHANGED: CHANGED}
    there = {(change.kind, change.before, change.after) for change in match_folders(earlier, later)}
    back = {(turned[change.kind], change.after, change.before) for change in match_folders(later, earlier)}
    assert there == back
