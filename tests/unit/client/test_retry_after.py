import pytest

from qwave_batch.client.answers import RateHint
from qwave_batch.client.retry_after import (
    MAX_WAIT_S,
    rate_hint,
    retry_after_s,
    served_at,
    told_wait_s,
    unread_retry_after,
)
from qwave_batch.model.jsontypes import Json
from tests.every_case import in_one_test

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
    [
        "",
        "-1",
        "nan",
        "inf",
        "1e3",
        "soon",
        "9" * 400,
        "5, soon",
        "٣",
        str(33 * 86_400),
        "999999999",
        "20261128",
    ],
)
def test_nonsense_is_taken_as_not_said(text: str) -> None:
    assert retry_after_s({"retry-after": text}, NOW) is None


@pytest.mark.parametrize("text", [str(int(MAX_WAIT_S)), "9999999999", "99999999999", "Fri, 15 Jan 2327 08:00:00 GMT"])
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


class LookedUp(dict[str, str]):
    """Headers that know which of them were asked for."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__(headers)
        self.names: list[str] = []

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.append(name)
        return super().get(name, default)


def test_headers_without_a_limit_are_not_searched_for_each_of_its_names() -> None:
    """Nearly all answers are such; a date that nothing is compared with is not read either."""
    headers = LookedUp({"date": "Sun, 22 Nov 2026 08:00:00 GMT", "content-type": "application/json"})
    assert rate_hint(headers, 0) is None
    assert not headers.names
    headers["x-ratelimit-remaining"] = "3"
    assert rate_hint(headers, 0) == RateHint(remaining=3)
    assert "x-ratelimit-remaining" in headers.names


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


@in_one_test(
    ("text", "wait_s"),
    [
        ("20", 20), ("2.25", 2.25), ("60000", 60_000), ("0", 0),
        ("250ms", 0.25), ("250 MS", 0.25), ("1.5s", 1.5), ("6m0s", 360), ("6m 0s", 360), ("1h2m", 3720), ("1d", 86_400),
        ("1d2h3m4s5ms", 93_784.005), ("2m", 120),
        ("30sec", 30), ("1 min", 60), ("1 Min 30 Secs", 90), ("2 hours", 7200), ("250us", 0.00025), ("250µs", 0.00025),
        ("2w", 1_209_600), ("1w2d", 777_600), ("3 days", 259_200), ("1hr5mins", 3900), ("500ns", 5e-7),
        ("1, 1;w=60", 1), ("3;w=60", 3), ('5, 5;w=60;name="day", 7;w=3600', 7),
        ("1800000002", 2), ("1800000002.5", 2.5), ("1800000002000", 2), ("1800000002500.0", 2.5),
        ("1800000002000000", 2), ("1799999000", 0),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30), ("Friday, 15-Jan-27 08:00:30 GMT", 30), ("Fri Jan 15 08:00:30 2027", 30),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("2027-01-15T08:00:30Z", 30), ("2027-01-15t08:00:30z", 30), ("2027-01-15T09:00:30+01:00", 30),
        ("2027-01-15T08:00:30.250Z", 30.25), ("2027-01-15T08:00:30", 30), ("2027-01-15T07:00:00Z", 0),
        ("PT6M", 360), ("PT0.25S", 0.25), ("PT0,25S", 0.25), ("P1DT2H", 93_600), ("pt1m30s", 90), ("P1W", 604_800),
        ('  "250ms"  ', 0.25), ("'1800000002'", 2),
        ("5, 7", 7), ("7, 5", 7),
        ("Fri, 15 Jan 2027 08:00:30 GMT, Fri, 15 Jan 2027 08:00:10 GMT", 30),
    ],
)  # fmt: skip
def test_every_form_is_read_in_every_header(text: str, wait_s: float) -> None:
    """An hour between the two clocks does not become an hour of waiting: moments are held to the server's own date."""
    ours = NOW - 3600
    assert retry_after_s({"date": DATE, "retry-after": text}, ours) == pytest.approx(wait_s)
    assert told_wait_s(text, {"date": DATE}, ours) == pytest.approx(wait_s)
    for family in ("ratelimit", "x-ratelimit", "x-rate-limit"):
        for suffix in ("", "-requests"):
            headers = {"date": DATE, f"{family}-remaining{suffix}": "0", f"{family}-reset{suffix}": text}
            hint = rate_hint(headers, ours)
            assert hint is not None
            assert hint.remaining == 0
            assert hint.reset_s == pytest.approx(wait_s)


@in_one_test(
    "text",
    [
        "6m0", "6x", "1h2", "m6", "6m0s and more", "5s3m", "5m5m", "1e3", "-250ms", "+5", "0x10", "1,000",
        "P", "PT", "P1M", "P1Y", "33 moons", "1s 5sec", "1 mi", "1,000s",
        "2027-01-15", "2027-W02-5", "20270115", "2027-01-15x08:00:30Z", ";w=60", "1;w",
        "2026-11-28T23:00:00Zulu", "2026-13-01",
        "Fri, 15 Jan 2027 08:00:30 GMT or so", "nan", "d" * 1000,
    ],
)  # fmt: skip
def test_what_can_t_be_read_whole_is_ignored_and_kept_for_people(text: str) -> None:
    assert retry_after_s({"retry-after": text}, NOW) is None
    assert unread_retry_after({"retry-after": text}, NOW) == text
    assert rate_hint({"x-ratelimit-remaining": "0", "x-ratelimit-reset": text}, NOW) == RateHint(remaining=0)


@pytest.mark.parametrize("value", [None, True, -1, float("nan"), float("inf"), 10**400, [1], {"s": 1}])
def test_a_body_s_nonsense_is_no_wait(value: Json) -> None:
    assert told_wait_s(value, {}, NOW) is None


@pytest.mark.parametrize(("value", "wait_s"), [(30, 30), (1.5, 1.5), (1_800_000_030, 30), (1_800_000_030_000, 30)])
def test_a_body_s_numbers_are_read_as_texts_are(value: float, wait_s: float) -> None:
    assert told_wait_s(value, {}, NOW) == wait_s


def test_of_two_headers_that_disagree_the_later_reset_counts() -> None:
    headers = {"ratelimit": "limit=9, remaining=4, reset=5", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "17s"}
    assert rate_hint(headers, NOW) == RateHint(limit=9, remaining=0, reset_s=17)


def test_of_requests_and_tokens_those_about_requests_count() -> None:
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "3",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1h",
    }
    assert rate_hint(headers, NOW) == RateHint(limit=60, remaining=3, reset_s=360)


@pytest.mark.parametrize(
    ("text", "reset_s"),
    [
        ('"default";r=0;t=250ms', 0.25),
        ('"default";r=0;t="6m0s"', 360),
        ('"default";r=0;t="Fri, 15 Jan 2027 08:00:30 GMT"', 30),
        ("limit=9, remaining=0, reset=1800000030", 30),
        ("limit=9, remaining=0, reset=2027-01-15T08:00:30Z", 30),
        ("limit=9, remaining=0, reset=6x", None),
    ],
)
def test_the_draft_s_parameters_are_read_by_the_same_reader(text: str, reset_s: float | None) -> None:
    hint = rate_hint({"ratelimit": text, "date": DATE}, NOW + 3600)
    assert hint is not None
    assert (hint.remaining, hint.reset_s) == (0, reset_s)


@pytest.mark.parametrize(
    "text", ["1,000", "12,345,678", "0.5k", "1k", "5 requests", "60/min", "1_000", "5, many", "", ","]
)
def test_a_count_that_can_t_be_read_whole_is_ignored(text: str) -> None:
    headers = {"x-ratelimit-limit": text, "x-ratelimit-remaining": text, "x-ratelimit-reset": "9"}
    assert rate_hint(headers, NOW) == RateHint(reset_s=9)


@pytest.mark.parametrize(
    "text", ["limit=1,000, remaining=1,000", "remaining=0.5k", '"day";r=1k', "remaining=1,000;w=60"]
)
def test_a_count_among_parameters_is_read_whole_or_ignored(text: str) -> None:
    assert rate_hint({"ratelimit": text}, NOW) is None


def test_of_a_count_that_came_twice_the_least_counts() -> None:
    headers = {"x-ratelimit-limit": "100, 100;w=60, 500;w=3600", "x-ratelimit-remaining": "7, 3"}
    assert rate_hint(headers, NOW) == RateHint(limit=100, remaining=3)
