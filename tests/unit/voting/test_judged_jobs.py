"""A vote compares two values of its axis, in the two places of its jobs that belong together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qwave_batch.model.axis_labels import axis_label
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.voting.judged_jobs import ComparedValues, PromptKey, compared_values, judged_job
from qwave_batch.voting.vote_lines import Vote, voting_line_from_json
from tests.voted_folders import a_vote, folded, voted_line


def compared(lines: Sequence[ManifestLine], **changes: Any) -> ComparedValues | str:
    left, right = (line.job_id for line in lines)
    vote = voting_line_from_json(a_vote(left, right, "left", **changes))
    assert isinstance(vote, Vote)
    return compared_values(vote, {line.job_id: judged_job(line) for line in lines})


def test_models_are_compared() -> None:
    one, other = (replace(voted_line("p", model), tags=tags) for model, tags in (("m1", ("a", "b")), ("m2", ("b",))))
    prompt = PromptKey("p", "The text of p")
    expected = ComparedValues(left="m1", right="m2", prompts=(prompt, prompt), tags=frozenset("b"), is_pure=True)
    assert compared((one, other)) == expected


def test_values_of_an_axis_are_compared_as_text() -> None:
    found = compared((voted_line("p", "m", size=1), voted_line("p", "m", size="two")), axis="size")
    assert isinstance(found, ComparedValues)
    assert (found.left, found.right) == ("1", "two")
    assert [axis_label(value) for value in (True, None, 1.5, "x", {"a": [1]})] == [
        "true",
        "null",
        "1.5",
        "x",
        '{"a": [1]}',
    ]


def test_a_folded_job_has_the_value_of_the_place_beside_its_rival() -> None:
    """The job stands at 1:1 and, since its model has one size only, at 16:9 as well; the rival is at 16:9."""
    job = folded(voted_line("p", "m1", ratio="1:1"), ratio="16:9")
    rival = voted_line("p", "m2", ratio="16:9")
    by_model = compared((job, rival))
    assert isinstance(by_model, ComparedValues)
    assert by_model.is_pure
    wide = folded(voted_line("p", "m1", ratio="16:9", style="x"), ratio="1:1")
    by_ratio = compared((wide, voted_line("p", "m1", ratio="4:3", style="x")), axis="ratio")
    assert isinstance(by_ratio, ComparedValues)
    assert (by_ratio.left, by_ratio.right) == ("16:9", "4:3")


def test_an_axis_that_changes_the_text_brings_both_texts() -> None:
    lines = [voted_line("p", "m", variant=variant, text=f"A {variant} teahouse") for variant in ("red", "blue")]
    found = compared(lines, axis="variant")
    assert isinstance(found, ComparedValues)
    assert [prompt.text for prompt in found.prompts] == ["A red teahouse", "A blue teahouse"]


def test_a_pair_that_differs_in_more_is_told_from_a_pure_one() -> None:
    found = compared((voted_line("p", "m1", ratio="1:1"), voted_line("p", "m2", ratio="16:9")))
    assert isinstance(found, ComparedValues)
    assert not found.is_pure


def test_a_model_that_follows_from_the_parents_is_not_an_axis() -> None:
    """Each chain stays with its model, so its later images differ in the model that the first stage chose."""
    parents = (ParentLink("0" * 16, 1),)
    follow = [
        replace(voted_line("p", model), axes={"draft.model": model}, stage="turn", parents=parents)
        for model in ("m1", "m2")
    ]
    found = compared(follow, axis="draft.model")
    assert isinstance(found, ComparedValues)
    assert (found.left, found.right, found.is_pure) == ("m1", "m2", True)
    choose = [replace(line, axes={**line.axes, "model": line.model}) for line in follow]
    found = compared(choose, axis="draft.model")
    assert isinstance(found, ComparedValues)
    assert not found.is_pure, "a stage that chooses the model has it as an axis"


def test_a_pair_that_compares_nothing_is_told_why() -> None:
    ratios = (voted_line("p", "m", ratio="1:1"), voted_line("p", "m", ratio="16:9"))
    assert compared(ratios) == "left and right have the same model"
    assert compared(ratios, axis="style") == 'its jobs have no axis "style"'
    assert compared((voted_line("p", "m1"), voted_line("q", "m2"))) == "left and right are of different prompts"
