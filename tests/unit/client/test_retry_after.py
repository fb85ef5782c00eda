import pytest

from qwave_batch.client.answers import RateHint
from qwave_batch.client.retry_after import MAX_WAIT_S, rate_hint, retry_after_s, served_at

NOW = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
"""The moment NOW, as a server writes it."""


def test_the_date_header_is_the_server_s_clock() -> None:
    assert served_at({"date": DATE}) == NOW
    assert served_at({}) is None
    assert served_at({"date": "yesterday"}) is None


@pytest.mark.parametrize(("text", "wait_s"), [("0", 0.0), ("12", 12.0), (" 3 ", 3.0), ("1.5", 1.5)])
def test_seconds_are_taken_as_they_are(text: str, wait_s: float) -> None:
    assert retry_after_s({"retry-after": text}, NOW) == wait_s


def test_a_date_is_held_against_the_server_s_date_and_not_our_clock() -> None:
    """An hour of difference between the two clocks does not become an hour of waiting."""
    headers = {"date": DATE, "retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}
    assert retry_after_s(headers, NOW - 3600) == 30
    assert retry_after_s(headers, NOW + 3600) == 30


def test_a_date_without_the_server_s_date_is_held_against_our_clock() -> None:
    assert retry_after_s({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, NOW) == 30


def test_a_date_that_is_past_means_no_wait() -> None:
    assert retry_after_s({"date": DATE, "retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, NOW) == 0


@pytest.mark.parametrize(
    "text",
    ["", "-1", "nan", "inf", "1e3", "soon", "9" * 400, "5, 5", "٣"],
)
def test_nonsense_is_taken_as_not_said(text: str) -> None:
    assert retry_after_s({"retry-after": text}, NOW) is None


@pytest.mark.parametrize(
    "text", [str(int(MAX_WAIT_S)), str(33 * 86_400), "99999999999", "Fri, 15 Jan 2327 08:00:00 GMT"]
)
def test_the_longest_wait_is_a_month_and_a_longer_one_is_not_taken_as_not_said(text: str) -> None:
    assert retry_after_s({"retry-after": text}, NOW) == MAX_WAIT_S


@pytest.mark.parametrize(
    ("headers", "hint"),
    [
        (
            {"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60'},
            RateHint(limit=100, remaining=50, reset_s=30),
        ),
        (
            {
                "ratelimit": '"burst";r=9;t=1, "day";r=3;t=400',
                "ratelimit-policy": '"burst";q=10;w=1, "day";q=1000;w=86400',
            },
            RateHint(limit=1000, remaining=3, reset_s=400),
        ),
        ({"ratelimit": "limit=100, remaining=50, reset=5"}, RateHint(limit=100, remaining=50, reset_s=5)),
        (
            {"ratelimit": "remaining=0, reset=5", "ratelimit-policy": "100;w=60"},
            RateHint(limit=100, remaining=0, reset_s=5),
        ),
        (
            {"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "7", "ratelimit-reset": "5"},
            RateHint(limit=100, remaining=7, reset_s=5),
        ),
        (
            {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "17"},
            RateHint(limit=60, remaining=0, reset_s=17),
        ),
    ],
)
def test_rate_limit_headers_are_read_in_every_form(headers: dict[str, str], hint: RateHint) -> None:
    assert rate_hint(headers, NOW) == hint


@pytest.mark.parametrize("reset", ["20", "1800000020", "1800000020000"])
def test_a_reset_is_seconds_or_a_moment_in_seconds_or_milliseconds(reset: str) -> None:
    hint = rate_hint({"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}, NOW)
    assert hint is not None
    assert hint.reset_s == 20


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"ratelimit": "???"},
        {"x-ratelimit-remaining": "many"},
        {"x-ratelimit-reset": "-4"},
        {"x-ratelimit-reset": "9999999999"},
    ],
)
def test_headers_that_say_nothing_give_no_hint(headers: dict[str, str]) -> None:
    assert rate_hint(headers, NOW) is None
