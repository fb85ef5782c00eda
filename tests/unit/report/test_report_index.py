"""The page's index holds every job in each of its places, by small numbers."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.axis_labels import axis_label
from qwave_batch.model.job import Duplicate, JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.report.report_index import ReportedFolder, ReportIndex, shown_status
from tests.manifest_lines import PLAIN_LINE as LINE

FOLDER = ReportedFolder(folder_id="f", name="teahouse", label="teahouse", spec_sha256=None)


def index_of(*lines: ManifestLine, folders: int = 1) -> dict[str, Any]:
    index = ReportIndex(folders=[FOLDER] * folders, tiny_of=lambda sha256: "" if sha256.startswith("0") else None)
    for line in lines:
        index.add(0, line)
    found: dict[str, Any] = json.loads(json.dumps(index.as_json()))
    return found


def test_a_folded_job_stands_in_each_of_its_places() -> None:
    also = Duplicate(job_id=LINE.job_id, index=7, prompt_id=LINE.prompt_id, axes={"size": "2k"}, tags=("b", "a"))
    found = index_of(replace(LINE, axes={"model": LINE.model, "size": "1k"}, tags=("a",), also=(also,)))
    assert found["axes"] == [{"name": "size", "values": ["1k", "2k"]}]
    assert found["tags"] == ["a", "b"]
    assert found["jobs"][0]["places"] == [
        {"prompt": 0, "model": 0, "axes": [0], "tags": [0], "repeat": 0},
        {"prompt": 0, "model": 0, "axes": [1], "tags": [0, 1], "repeat": 0},
    ]


def test_a_job_without_an_axis_of_others_has_no_value_there() -> None:
    found = index_of(replace(LINE, axes={"size": "1k"}), replace(LINE, axes={"quality": True, "size": None}))
    assert found["axes"] == [{"name": "size", "values": ["1k", "null"]}, {"name": "quality", "values": ["true"]}]
    assert [job["places"][0]["axes"] for job in found["jobs"]] == [[0, -1], [1, 0]]


def test_settings_of_one_model_under_names_of_their_own_are_told_apart() -> None:
    found = index_of(*(replace(LINE, axes={"model": name}) for name in ("fast", "slow")), replace(LINE, axes={}))
    assert found["models"] == ["fast", "slow", LINE.model]
    assert [job["model"] for job in found["jobs"]] == [0, 1, 2]


def test_an_axis_that_is_called_like_a_built_in_one_is_told_apart() -> None:
    assert index_of(replace(LINE, axes={"tag": "x"}))["axes"] == [{"name": "tag (axis)", "values": ["x"]}]


def test_a_failure_over_content_is_a_refusal_and_others_are_not() -> None:
    refusals = [
        JobError(code="content_policy_violation", message=""),
        JobError(code="ModerationBlocked", message=""),
        JobError(code="invalid_request", message="Your prompt was flagged as unsafe"),
    ]
    others = [
        JobError(code="invalid_prompt", message="prompt is too long"),
        JobError(code="timeout", message="no content was returned"),
    ]
    assert {shown_status(JobStatus.FAILED, error) for error in refusals} == {"refused"}
    assert {shown_status(JobStatus.FAILED, error) for error in others} == {"failed"}
    assert shown_status(JobStatus.SKIPPED, refusals[0]) == "skipped"


def test_an_image_without_a_thumbnail_says_so() -> None:
    image = ImageFile(
        path="images/a.png", sha256="0" * 64, size_bytes=1, width=3, height=2, format="png", source_url=""
    )
    lines = [replace(LINE, images=(image, replace(image, sha256="1" * 64)))]
    images = index_of(*lines)["jobs"][0]["images"]
    assert [(each["thumb"], len(each["hash"])) for each in images] == [(True, 32), (False, 32)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", 1, None, 2.5])), max_size=12))
def test_every_number_leads_back_to_its_text(drawn: list[tuple[str, Json]]) -> None:
    found = index_of(*(replace(LINE, prompt_id=prompt, axes={"size": value}) for prompt, value in drawn))
    for (prompt, value), job in zip(drawn, found["jobs"], strict=True):
        place = job["places"][0]
        assert found["prompts"][place["prompt"]]["id"] == prompt
        assert found["axes"][0]["values"][place["axes"][0]] == axis_label(value)
