"""The identity of jobs: a stranger can work it out, and no version may change it."""

import hashlib
from typing import Any

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import canonical, job_id

TEAHOUSE = {"model": "gpt-image-2", "action": "generate", "prompt": "A quiet teahouse"}
PALETTE = [{"hex": "#A0b1C2", "ratio": 33.3}]
GOLDEN: dict[str, tuple[dict[str, Any], int]] = {
    "61d578700c971751": (TEAHOUSE, 0),
    "07147f25f6c37309": (TEAHOUSE, 1),
    "5c526f056d053970": (
        {"model": "wan2.7-image", "prompt": "\u00e9 \u8336\u9986 \U0001f375", "n": 2, "color_palette": PALETTE},
        0,
    ),
    "77824ee9ec8c0f26": (
        {
            "model": "qwen-image-2.0",
            "prompt": 'line\nend "q" \\',
            "image_urls": ["https://x.example/a?b=1&c=2"],
            "seed": 2**53 - 1,
        },
        0,
    ),
    "8f17aff27dee9c0a": (
        {"model": "imagen-4.0", "prompt": "x", "\ufffd": 1, "\U0001f600": 2.0, "nested": {"b": None, "a": True}},
        3,
    ),
}


def test_job_id_is_the_hash_of_repeat_and_request_in_canonical_json() -> None:
    body = b'{"repeat":0,"request":{"model":"m","prompt":"\xc3\xa9","seed":1}}'
    assert job_id({"prompt": "é", "seed": 1.0, "model": "m"}, 0) == hashlib.sha256(body).hexdigest()[:16]


def test_text_is_not_normalised_before_it_is_hashed() -> None:
    assert job_id({"prompt": "\u00e9"}, 0) != job_id({"prompt": "e\u0301"}, 0)


@pytest.mark.parametrize("value", [2**53, "\ud800", float("nan")])
def test_what_json_readers_disagree_about_has_no_canonical_form(value: float | str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical({"x": value})


@pytest.mark.parametrize("wanted", GOLDEN)
def test_ids_are_those_of_every_version_before(wanted: str) -> None:
    """Another id for the same request would make and pay every image again."""
    request, repeat = GOLDEN[wanted]
    assert job_id(request, repeat) == wanted


def test_the_body_is_made_from_the_request_and_is_another_thing() -> None:
    """The body tells the API where to report; the job and its id stay the same."""
    hook = {"callback_url": "https://x.example/hook"}
    job = Job(
        job_id=job_id(TEAHOUSE, 0),
        index=0,
        prompt_id="teahouse",
        prompt=TEAHOUSE["prompt"],
        model=TEAHOUSE["model"],
        action=TEAHOUSE["action"],
        request=TEAHOUSE,
        callback=hook,
    )
    assert job.body() == TEAHOUSE | hook
    assert job.body({}) == TEAHOUSE
    assert job_id(job.request, job.repeat) == job.job_id != job_id(job.body(), job.repeat)
