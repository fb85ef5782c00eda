"""The address that serves the run folder is held to what may be passed on, before a folder is made."""

import pytest

from qwave_batch.api.backends import check_public_url
from qwave_batch.errors import UsageError
from qwave_batch.run.state.run_request import RunOptions
from tests.every_case import in_one_test


@in_one_test("url", ["https://pictures.example.com", "https://pictures.example.com:8443/runs/tea%20time/"])
def test_the_address_of_a_folder_is_taken(url: str) -> None:
    check_public_url(RunOptions(public_url=url))


@in_one_test(
    ("url", "told"),
    [
        ("http://pictures.example.com/run", "no https address"),
        ("pictures.example.com/run", "no https address"),
        ("https:///run", "no https address"),
        ("https://pictures.example.com:99999/", "no https address"),
        ("https://pictures.example.com/a b", "no https address"),
        ("https://pictures.example.com/a\nb", "no https address"),
        ("s3://bucket/run", "no https address"),
        ("https://me:secret@pictures.example.com/run", "a name or a password"),
        ("https://pictures.example.com/run?sig=1", "a query or a fragment"),
        ("https://pictures.example.com/run#top", "a query or a fragment"),
    ],
)
def test_all_others_are_refused_without_being_repeated(url: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        check_public_url(RunOptions(public_url=url))
    assert "secret" not in str(refused.value)
