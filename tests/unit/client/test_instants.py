import pytest

from qwave_batch.client.instants import http_date, instant
from qwave_batch.model.jsontypes import Json


@pytest.mark.parametrize(
    "value",
    [
        1_775_285_160,
        1_775_285_160_000,
        1_775_285_160_000_000,
        1_775_285_160.0,
        "1775285160",
        "1775285160000",
        "2026-04-04T06:46:00Z",
        "2026-04-04T14:46:00+08:00",
        "2026-04-04 06:46:00",
    ],
)
def test_one_moment_is_read_from_any_spelling(value: Json) -> None:
    assert instant(value) == 1_775_285_160


@pytest.mark.parametrize(
    "value",
    [None, True, False, -1, 10**400, float("nan"), float("inf"), "", "soon", "-5", "9" * 100, [1], {"t": 1}, "1e9"],
)
def test_what_means_no_moment_is_none(value: Json) -> None:
    assert instant(value) is None


def test_http_dates_are_read_by_the_server_s_zone() -> None:
    assert http_date("Sat, 04 Apr 2026 06:46:00 GMT") == 1_775_285_160
    assert http_date("Sat, 04 Apr 2026 14:46:00 +0800") == 1_775_285_160


@pytest.mark.parametrize(
    "text", ["", "now", "Sat, 99 Apr 2026 06:46:00 GMT", "Thu, 01 Jan 1801 00:00:00 GMT", "x" * 500]
)
def test_a_broken_http_date_is_none(text: str) -> None:
    assert http_date(text) is None
