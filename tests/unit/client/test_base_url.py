import pytest

from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.errors import UsageError


@pytest.mark.parametrize(
    ("text", "base", "host"),
    [
        ("https://api.example.com/v1", "https://api.example.com/v1", "api.example.com"),
        ("https://api.example.com/v1/", "https://api.example.com/v1", "api.example.com"),
        (" https://API.example.com:443/v1// ", "https://api.example.com:443/v1", "api.example.com"),
        ("https://gate.example:8443/qwave/v2beta", "https://gate.example:8443/qwave/v2beta", "gate.example:8443"),
        ("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1", "127.0.0.1:9"),
        ("http://localhost:80/v1", "http://localhost:80/v1", "localhost"),
        ("http://[::1]:9/v1", "http://[::1]:9/v1", "[::1]:9"),
    ],
)  # fmt: skip
def test_a_base_url_is_taken_without_the_slash_at_its_end(text: str, base: str, host: str) -> None:
    url = read_base_url(text)
    assert (url.text, url.host) == (base, host)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "does not start with https"),
        ("api.example.com/v1", "does not start with https"),
        ("ftp://api.example.com/v1", "not a web address"),
        ("http://api.example.com/v1", "plain http"),
        ("http://10.0.0.1/v1", "plain http"),
        ("http://localhost.example.com/v1", "plain http"),
        ("https://api.example.com", 'did you mean "https://api.example.com/v1"'),
        ("https://api.example.com/v1/tasks", 'did you mean "https://api.example.com/v1"'),
        ("https://api.example.com/v1?key=x", "no query"),
        ("https://api.example.com/v1#x", "no query"),
        ("https://me:hidden@api.example.com/v1", "user name or password"),
        ("me:hidden@api.example.com/v1", "not right"),
    ],
)
def test_a_base_url_that_can_t_be_right_says_why(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        read_base_url(text)
    assert "hidden" not in str(caught.value)
