import pytest

from qwave_batch.client.web_addresses import BadAddress, read_address, redirected
from tests.every_case import in_one_test


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("https://cdn.example/a.png", "https://cdn.example/a.png"),
        ("https://cdn.example/a.png?sig=%2B+%7E/%2f&x=a%20b", "https://cdn.example/a.png?sig=%2B+%7E/%2f&x=a%20b"),
        ("https://cdn.example/图 1.png", "https://cdn.example/%E5%9B%BE%201.png"),
        ("https://cdn.example/a.png#part", "https://cdn.example/a.png"),
        ("HTTPS://CDN.Example:8443/A.png", "https://cdn.example:8443/A.png"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
    ],
)
def test_an_address_is_sent_as_it_was_signed(text: str, sent: str) -> None:
    assert read_address(text).text == sent


def test_an_address_has_its_parts() -> None:
    address = read_address("https://[2001:db8::1]/a/b?c=d")
    assert (address.host, address.port, address.path, address.query) == ("2001:db8::1", 443, "/a/b", "c=d")


@in_one_test(
    "text",
    ["", "cdn.example/a", "//cdn.example/a", "file:///etc/passwd", "data:image/png;base64,AA", "ftp://h/",
     "javascript:1", "https://", "https:///a", "https:a", "https://user:pw@h/", "https://a@h/", "https://h:99999/", "https://h:x/",
     "https://h:0/", "https://h:-1/", "https://h h/", "https://h\n/", "https://h\t/", "https:\\\\h/",
     "https://h\\@evil/",     "https://例.cn/", "https://[::1/", "https://[h]/", "https://h%41/", "https://\ud800/",
     "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://1.2.3.4.5/"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadAddress) as caught:
        read_address(text)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("http://127.0.0.1/", True),
        ("http://[::1]/", True),
        ("http://[::ffff:127.0.0.1]/", True),
        ("http://localhost./", True),
        ("http://api.localhost/", True),
        ("http://0.0.0.0/", False),
        ("http://[64:ff9b::7f00:1]/", False),
        ("http://[2002:7f00:1::]/", False),
        ("http://[::127.0.0.1]/", False),
        ("http://localhost.example/", False),
    ],
)
def test_this_machine_is_what_no_network_is_needed_for(text: str, stays: bool) -> None:  # noqa: FBT001
    """A key goes in plain text where this is true, so a translator or a tunnel must not be on the way."""
    assert read_address(text).is_loopback is stays


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b.png?x=1", "https://cdn.example/b.png?x=1"),
        ("b.png", "https://cdn.example/a/b.png"),
        ("//other.example/b", "https://other.example/b"),
        ("https://other.example/b", "https://other.example/b"),
        ("?y", "https://cdn.example/a/a.png?y"),
        ("http://127.0.0.1:9/b", "http://127.0.0.1:9/b"),
    ],
)
def test_a_redirect_is_followed_from_where_it_stands(location: str, target: str) -> None:
    assert redirected(read_address("https://cdn.example/a/a.png"), location).text == target


@pytest.mark.parametrize(
    "location", ["http://cdn.example/a", "file:///etc/passwd", "https://u:p@h/", "https://[", "data:,x"]
)
def test_a_redirect_to_less_than_https_is_refused(location: str) -> None:
    with pytest.raises(BadAddress):
        redirected(read_address("https://cdn.example/a/a.png"), location)


def test_plain_http_may_lead_to_plain_http() -> None:
    assert redirected(read_address("http://cdn.example/a"), "http://other.example/b").scheme == "http"
