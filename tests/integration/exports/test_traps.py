"""The folders that exports are tested with have the traps in them that they are for."""

import json
from collections import Counter
from pathlib import Path

from qwave_batch.exports import WorkProgress
from qwave_batch.folders import open_run
from tests.integration.exports.trap_runs import lines_of


def test_the_run_with_traps_ended_in_every_way_and_has_every_kind_of_image(trap_folder: Path) -> None:
    lines = lines_of(trap_folder)
    ends = Counter(line["status"] for line in lines)
    assert (ends["skipped"], ends["completed"] + ends["failed"]) == (4, 62)
    assert 1 <= ends["failed"] < 10
    images = [image for line in lines for image in line["images"]]
    assert {image["format"] for image in images} == {"jpeg", "png", "webp"}
    assert {image["format"] for image in images[:5]} == {"jpeg", "png"}
    assert {len(line["images"]) for line in lines} == {0, 1, 2, 3, 4}
    assert sum(line["request"].get("n", 1) != len(line["images"]) for line in lines if line["images"]) > 1


def test_the_run_with_traps_has_names_texts_and_types_that_loaders_trip_over(trap_folder: Path) -> None:
    lines = lines_of(trap_folder)
    assert {"test", "train", "a.b", "dev-validation-eval", "🎏"} <= {line["prompt_id"] for line in lines}
    assert {line["model"] for line in lines} > {"wan2.7-image", "seedream-5.0-lite"}
    assert max(len(line["prompt"]) for line in lines) > 20_000
    assert any("\r\n" in line["prompt"] for line in lines)
    assert Counter(json.dumps(line["axes"].get("level")) for line in lines) == {"1": 44, "2.5": 11, '"two"': 11}
    assert {line["axes"].get("nothing") for line in lines} == {None}
    assert {line["axes"].get("later") for line in lines} == {None, 7}
    assert {line["request"].get("seed") for line in lines[:5]} == {None}


def test_the_edits_have_one_input_two_a_mask_and_one_on_the_web(trap_folder: Path) -> None:
    edits = [line["request"] for line in lines_of(trap_folder) if line["action"] == "edit" and line["images"]]
    assert {len(request["image_urls"]) for request in edits} == {1, 2}
    assert {request.get("mask_url", "")[:7] for request in edits} == {"", "sha256:"}
    assert {url.partition(":")[0] for request in edits for url in request["image_urls"]} == {"sha256", "http"}


def test_the_other_folders_share_a_prompt_and_an_axis_or_have_no_image(
    other_trap_folder: Path, empty_folder: Path
) -> None:
    other = lines_of(other_trap_folder)
    assert {type(line["axes"]["level"]) for line in other} == {int}
    assert "test" in {line["prompt_id"] for line in other}
    assert {line["status"] for line in other} == {"completed"}
    assert {(line["status"], len(line["images"])) for line in lines_of(empty_folder)} == {("failed", 0)}


def test_the_run_with_traps_is_sound_and_its_check_tells_of_each_image(trap_folder: Path) -> None:
    told: list[WorkProgress] = []
    assert open_run(trap_folder).verify(told.append).is_sound
    assert [each.done for each in told] == list(
        range(1, 1 + sum(len(line["images"]) for line in lines_of(trap_folder)))
    )
