"""The address of a parent's image is passed only if it is that image's, lasts long enough and holds no secret."""

from dataclasses import replace

import pytest

from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.model.record import ImageFile
from qwave_batch.model.task import ResultImage
from qwave_batch.run.jobs.passed_images import MARGIN_S, ListedImages, public_address

HOUR_S = 3_600.0


def image(number: int, **fields: object) -> ResultImage:
    return replace(ResultImage(url=f"https://cdn/{number}"), **fields)  # type: ignore[arg-type]


def stored(*numbers: int) -> list[StoredFile]:
    return [
        StoredFile(
            image=ImageFile(
                path=f"images/{number}.png",
                sha256="0" * 64,
                size_bytes=1,
                width=1,
                height=1,
                format="png",
                source_url=f"https://cdn/{number}",
            ),
            modified_ns=0,
        )
        for number in numbers
    ]


def address(listed: ListedImages, number: int, files: list[StoredFile], *, now: float = 0.0) -> str | None:
    return listed.address_of(number, files, now=now, lifetime_s=24 * HOUR_S)


def test_an_image_has_the_address_of_its_number() -> None:
    listed = ListedImages((image(1), image(2)), 0.0)
    assert address(listed, 2, stored(1, 2)) == "https://cdn/2"


def test_an_image_that_was_not_stored_does_not_count() -> None:
    """The second one listed is broken, so that the third one is stored as the second."""
    listed = ListedImages((image(1), image(2), image(3)), 0.0)
    assert address(listed, 2, stored(1, 3)) == "https://cdn/3"
    assert address(ListedImages((image(1), ResultImage(url=""), image(3)), 0.0), 2, stored(1, 3)) == "https://cdn/3"


def test_an_address_lasts_as_long_as_the_api_says_less_a_margin() -> None:
    listed = ListedImages((image(1, expires_at=HOUR_S),), 0.0)
    assert address(listed, 1, stored(1), now=HOUR_S - MARGIN_S - 1) is not None
    assert address(listed, 1, stored(1), now=HOUR_S - MARGIN_S) is None
    assert listed.address_of(1, stored(1), now=HOUR_S - 1, lifetime_s=0.0, margin_s=0.0) is not None


def test_an_address_without_an_end_lasts_as_long_as_any_surely_does() -> None:
    listed = ListedImages((image(1),), HOUR_S)
    assert address(listed, 1, stored(1), now=25 * HOUR_S - MARGIN_S - 1) is not None
    assert address(listed, 1, stored(1), now=25 * HOUR_S - MARGIN_S) is None


@pytest.mark.parametrize(
    "kept", [image(1, masked_url="https://cdn/***"), image(1, content=b"png"), ResultImage(url="", content=b"png")]
)
def test_an_address_with_a_secret_or_none_is_not_passed(kept: ResultImage) -> None:
    assert address(ListedImages((kept,), 0.0), 1, stored(1)) is None


def test_a_public_address_is_quoted() -> None:
    path = "images/m/100% tea?#茶.png"
    for url in ("https://pictures.example.com/a", "https://pictures.example.com/a/"):
        assert public_address(url, path) == ("https://pictures.example.com/a/images/m/100%25%20tea%3F%23%E8%8C%B6.png")
