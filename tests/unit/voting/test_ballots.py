"""Votes become ballots: sides make no difference, prompts are told apart by id and text, results warn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.errors import UnknownName
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.voting import voting_results as module
from qwave_batch.voting.ballots import LOSS, TIE, WIN
from qwave_batch.voting.judged_jobs import REPEAT
from qwave_batch.voting.vote_importing import read_import
from qwave_batch.voting.vote_results import VoteResult
from qwave_batch.voting.voting_results import (
    check_asked,
    picks_result,
    read_voting_folder,
    votes_about,
    voting_results,
)
from tests.voted_folders import Line, a_pick, a_vote, grid, job_id_of, voted_line, write_folder, write_lines

MODELS = ("m1", "m2")


def voted(where: Path, votes: Sequence[Line], lines: Sequence[ManifestLine] | None = None) -> Path:
    """Return a run folder with votes in it."""
    folder = write_folder(where / "run", lines or grid(12, MODELS))
    with open_folder(folder) as reader:
        read_import(reader, [write_lines(where / "votes.txt", votes)]).write(reader.layout)
    return folder


def result(*folders: Path, axis: str | None = None, criterion: str | None = None) -> VoteResult:
    found = []
    for folder in folders:
        with open_folder(folder) as reader:
            found.append(read_voting_folder(reader))
    return votes_about(found, axis=axis, criterion=criterion)


def on_prompts(winners: Sequence[str], **changes: Any) -> list[Line]:
    return [a_vote(f"p{number}-m1", f"p{number}-m2", winner, **changes) for number, winner in enumerate(winners)]


def test_the_sides_make_no_difference(tmp_path: Path) -> None:
    votes = [a_vote("p0-m1", "p0-m2", "left"), a_vote("p1-m2", "p1-m1", "right"), a_vote("p2-m1", "p2-m2", "both_bad")]
    (rate,) = result(voted(tmp_path, votes)).win_rates
    assert (rate.value, rate.wins, rate.losses, rate.ties) == ("m1", 2, 0, 1)
    assert len({WIN, TIE, LOSS}) == 3


def test_two_texts_of_one_id_are_two_prompts(tmp_path: Path) -> None:
    lines = [voted_line("p", model, text=text, size=text) for text in ("one", "two") for model in MODELS]
    ids = [line.job_id for line in lines]
    votes = [a_vote(ids[0], ids[1], "left"), a_vote(ids[2], ids[3], "left")]
    assert result(voted(tmp_path, votes, lines)).prompts == 2


def test_versions_of_a_prompt_that_are_compared_are_one(tmp_path: Path) -> None:
    """An axis that changes the text brings as many texts as it has values; they do not count as prompts."""
    lines = [
        voted_line(prompt, "m", text=f"{prompt} in {style}", style=style)
        for prompt in ("p", "q")
        for style in ("ink", "oil", "clay")
    ]
    ids = {prompt: [line.job_id for line in lines if line.prompt_id == prompt] for prompt in ("p", "q")}
    votes = [
        a_vote(ids[prompt][one], ids[prompt][other], "left", axis="style")
        for prompt in ("p", "q")
        for one, other in ((0, 1), (1, 2))
    ]
    assert result(voted(tmp_path, votes, lines)).prompts == 2


def test_repeats_are_compared_as_an_axis(tmp_path: Path) -> None:
    lines = [voted_line("p", "m", seed=seed) for seed in (1, 2)]
    found = result(voted(tmp_path, [a_vote(lines[0].job_id, lines[1].job_id, "left", axis="seed")], lines))
    assert [each.value for each in found.strengths or ()] == ["1", "2"]
    assert REPEAT not in found.by_tag


def test_the_axis_with_most_votes_is_counted_unless_another_is_named(tmp_path: Path) -> None:
    lines = [voted_line("p", model, size=size) for model in MODELS for size in (1, 2)]
    one, wide, other, _ = (job_id_of("p", model, size=size) for model in MODELS for size in (1, 2))
    folder = voted(
        tmp_path,
        [
            a_vote(one, other, "left"), a_vote(one, other, "tie", criterion="text"),
            a_vote(one, wide, "left", axis="size"),
        ],
        lines,
    )  # fmt: skip
    assert result(folder).axis == "model"
    assert result(folder, axis="size").votes == 1
    assert result(folder, criterion="text").win_rates[0].ties == 1
    with pytest.raises(UnknownName, match='unknown axis of votes "sise"; did you mean "size"'):
        result(folder, axis="sise")
    with pytest.raises(UnknownName, match="there are votes about overall, text"):
        result(folder, criterion="looks")
    assert check_asked((), axis=None, criterion=None) == ""


def test_a_result_has_parts_by_tag_and_by_criterion(tmp_path: Path) -> None:
    votes = [*on_prompts(["left"] * 12, criterion="looks"), *on_prompts(["right"] * 12, criterion="text")]
    found = result(voted(tmp_path, votes))
    assert found.criterion is None
    assert {tag: part.votes for tag, part in found.by_tag.items()} == {"all": 24, "even": 12}
    assert {name: part.win_rates[0].value for name, part in found.by_criterion.items()} == {"looks": "m1", "text": "m2"}
    told = found.as_json()
    assert list(told) == [
        "axis", "criterion", "votes", "raters", "prompts", "alpha", "win_rates", "strengths", "more_votes", "warnings",
        "by_tag", "by_criterion",
    ]  # fmt: skip


def test_votes_of_two_folders_count_together(tmp_path: Path) -> None:
    """The same prompt in both is one prompt; the same pair of ids in both is two pairs."""
    folders = [voted(tmp_path / name, on_prompts(["left"] * 11)) for name in ("one", "two")]
    found = result(*folders)
    assert (found.votes, found.prompts) == (22, 11)
    assert found.alpha is None


WARNINGS: dict[str, tuple[list[Line], str]] = {
    "few prompts": (on_prompts(["left", "right"]), "only 2 prompts were voted on: below 10 prompts"),
    "one prompt": (on_prompts(["left"]), "only 1 prompt was voted on"),
    "unbounded": (on_prompts(["left"] * 10), "some of m1, m2 never lost, or never won"),
    "a habit": (on_prompts(["left"] * 10), "Ann preferred the left side 10 times of 10"),
    "bad images": (on_prompts(["both_bad", "both_bad", "left"]), "2 of 3 votes say that both images are bad"),
    "two questions": (
        [*on_prompts(["left"]), *on_prompts(["left"], criterion="text")],
        "votes on 2 questions are counted together here: overall, text",
    ),
    "disagreement": (
        [*on_prompts(["left", "right"]), *on_prompts(["right", "left"], rater="Bob")],
        "the raters hardly agree",
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_result_warns(tmp_path: Path, name: str) -> None:
    votes, words = WARNINGS[name]
    assert [each for each in result(voted(tmp_path, votes)).warnings if words in each]


def test_a_sound_result_does_not_warn(tmp_path: Path) -> None:
    winners = ["left", "left", "right"] * 4
    assert result(voted(tmp_path, on_prompts(winners))).warnings == ()


def test_votes_that_no_longer_count_are_told(tmp_path: Path) -> None:
    folder = voted(tmp_path, on_prompts(["left", "right"] * 6))
    write_folder(folder, grid(11, MODELS))
    found = result(folder)
    assert found.votes == 11
    assert found.warnings == ("1 vote is about jobs that the plan no longer holds, and not counted",)


def test_pairs_that_differ_in_more_than_the_axis_are_told(tmp_path: Path) -> None:
    lines = [voted_line("p", "m1", size=1), voted_line("p", "m2", size=2)]
    found = result(voted(tmp_path, [a_vote(lines[0].job_id, lines[1].job_id, "left")], lines))
    assert "1 vote is on images that differ in more than model" in found.warnings


def test_a_folder_without_votes_has_an_empty_result(tmp_path: Path) -> None:
    found = result(write_folder(tmp_path, grid(2, MODELS)))
    assert (found.votes, found.win_rates, found.strengths, found.alpha, found.warnings) == (0, (), (), None, ())
    assert found.as_json()["axis"] is None


# --- the report's page ---------------------------------------------------------------------------


def page_data(folder: Path) -> Any:
    with open_folder(folder) as reader:
        return voting_results([reader])


def test_the_page_has_a_result_for_each_axis_and_question(tmp_path: Path) -> None:
    votes = [*on_prompts(["left"] * 12, criterion="looks"), *on_prompts(["right"] * 12, criterion="text")]
    found = page_data(voted(tmp_path, [*votes, a_pick("p0-m1", "keep", 4), a_pick("p1-m1", "reject")]))
    assert [(each["axis"], each["criterion"], each["votes"]) for each in found["results"]] == [
        ("model", None, 24), ("model", "looks", 12), ("model", "text", 12),
    ]  # fmt: skip
    assert found["unavailable"] is None
    assert found["picks"] == {
        "raters": ["Ann"],
        "by_model": [{"model": "m1", "images": 2, "keep": 1, "reject": 1, "rated": 1, "mean_rating": 4}],
    }
    assert page_data(write_folder(tmp_path / "none", grid(1, MODELS))) is None


def test_without_the_library_the_page_has_what_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = voted(tmp_path, on_prompts(["left"] * 12))
    monkeypatch.setattr(module, "can_count_votes", lambda: False)
    found = page_data(folder)
    (each,) = found["results"]
    assert "pip install 'qwave-batch[votes]'" in found["unavailable"]
    assert (each["strengths"], each["alpha"], each["win_rates"][0]["boot_low"]) == (None, None, None)
    assert each["win_rates"][0]["low"] == pytest.approx(0.7575, abs=1e-4)


def test_the_majority_decides_on_an_image_and_ratings_are_averaged(tmp_path: Path) -> None:
    picks = [
        a_pick("p0-m1", "keep", 5), a_pick("p0-m1", "keep", 2, rater="Bob"), a_pick("p0-m1", "reject", rater="Cy"),
        a_pick("p1-m1", "keep"), a_pick("p1-m1", "reject", rater="Bob"), a_pick("p2-m2", None, None),
    ]  # fmt: skip
    with open_folder(voted(tmp_path, picks)) as reader:
        found = picks_result([read_voting_folder(reader)])
    assert found is not None
    (model,) = found.by_model
    assert (model.images, model.kept, model.rejected, model.mean_rating) == (2, 1, 0, 3.5)
