"""Links that are signed for a time make new jobs each time they are signed, and that is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.model.signed_links import signature_in, unsigned
from qwave_batch.plan.planner import Plan

PlanOf = Callable[[str], Plan]

HEAD = "request: {model: qwen-image-2.0, action: image2image, seed: 7}\n"
SHOE = "https://pictures.example.com/shoe.jpg"
AMAZON = f"{SHOE}?X-Amz-Date=20261122T120000Z&X-Amz-Expires=3600&X-Amz-Signature=00aa11bb"


@pytest.mark.parametrize(
    ("link", "mark"),
    [
        (AMAZON, "X-Amz-Signature"),
        (AMAZON.lower(), "x-amz-signature"),
        (f"{SHOE}?X-Goog-Algorithm=x&X-Goog-Signature=1", "X-Goog-Signature"),
        (f"{SHOE}?AWSAccessKeyId=a&Signature=b%3D&Expires=1", "Signature"),
        (f"{SHOE}?Expires=1&Signature=b&Key-Pair-Id=c", "Signature"),
        (f"{SHOE}?sv=2022&se=2026-11-22&sr=b&sig=abc%3D", "sig"),
        ("HTTPS://x.example/a?SIG=1&SE=2", "SIG"),
    ],
)
def test_the_marks_of_all_stores_are_known(link: str, mark: str) -> None:
    assert signature_in(link) == mark


@pytest.mark.parametrize(
    "link",
    [
        SHOE, f"{SHOE}?w=200", f"{SHOE}?sig=1", f"{SHOE}?signature=gold", f"{SHOE}?expires=never",
        f"{SHOE}?v=X-Amz-Signature",
        "data:image/png;base64,AAAA?X-Amz-Signature=1", "a sign that reads X-Amz-Signature=1?", "https://[?X-Amz-Signature=1",
        f"{SHOE}#?X-Amz-Signature=1",
    ],
)  # fmt: skip
def test_plain_links_and_other_texts_are_not_signed(link: str) -> None:
    assert signature_in(link) is None
    assert unsigned(link) == link


def test_a_link_without_its_signature_is_the_same_however_often_it_is_signed() -> None:
    again = AMAZON.replace("00aa11bb", "22cc33dd").replace("20261122T120000Z", "20261123T080000Z")
    assert unsigned(AMAZON) == unsigned(again)
    azure = f"{SHOE}?w=200&sv=1&st=2&se=3&sr=b&sp=r&sig=4"
    assert unsigned(azure) == unsigned(azure.replace("sig=4", "sig=5").replace("se=3", "se=9"))
    assert unsigned(azure) != unsigned(azure.replace("w=200", "w=300"))
    assert unsigned(AMAZON) != unsigned(AMAZON.replace("shoe", "boot"))


def test_signed_links_of_a_table_are_counted_once_a_field(plan_of: PlanOf, tmp_path: Path) -> None:
    links = [AMAZON, AMAZON.replace("shoe", "boot"), f"{SHOE}?w=200", AMAZON]
    (tmp_path / "t.csv").write_text("link\n" + "\n".join(links) + "\n", encoding="utf-8")
    plan = plan_of(
        HEAD + 'prompts:\n  - {from: t.csv, id: "s{{ row_number }}", text: "Shoe {{ row_number }} in blue",'
        ' request: {image_urls: ["{{ row.link }}"]}}\nmatrix: {resolution: [1K, 2K]}\n'
    )
    (found,) = plan.warnings
    assert found.message.startswith(
        "2 links are signed for a time (X-Amz-Signature): a link signed anew is another job"
    )
    assert "use public addresses" in str(found.suggestion)
    assert found.path == "prompts[0].request.image_urls"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (HEAD.replace("}", f", image_urls: ['{AMAZON}']}}") + "prompts: [Blue, Red]\n", "request.image_urls"),
        (
            HEAD + f"prompts: [Blue]\nmatrix: {{image_urls: [['{AMAZON}'], ['{SHOE}'], ['{SHOE}?w=1']]}}\n",
            "matrix.image_urls[0]",
        ),
        (
            HEAD + "prompts: [Blue]\nmatrix:\n  shoe:\n"
            f"    - {{id: a, request: {{image_urls: ['{SHOE}']}}}}\n"
            f"    - {{id: b, request: {{image_urls: ['{AMAZON}']}}}}\n",
            "matrix.shoe[1].request.image_urls",
        ),
    ],
)
def test_every_place_that_takes_addresses_is_looked_at(plan_of: PlanOf, body: str, path: str) -> None:
    (found,) = plan_of(body).warnings
    assert (found.path, found.message[:15]) == (path, "1 link is signe")


def test_plain_links_are_taken_without_a_word(plan_of: PlanOf) -> None:
    for link in (SHOE, f"{SHOE}?w=200"):
        body = HEAD.replace("}", f", image_urls: {json.dumps([link])}}}") + "prompts: [Blue]\n"
        assert plan_of(body).warnings == ()
