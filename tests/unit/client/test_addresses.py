import pytest

from qwave_batch.client.addresses import BadAddress, Reach, may_reach, reach_of, read_address, redirected


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


@pytest.mark.parametrize(
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
    ("address", "reach"),
    [
        ("8.8.8.8", Reach.PUBLIC),
        ("2606:4700::1", Reach.PUBLIC),
        ("127.0.0.1", Reach.LOOPBACK),
        ("127.255.0.9", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("::ffff:127.0.0.1", Reach.LOOPBACK),
        ("64:ff9b::7f00:1", Reach.LOOPBACK),
        ("64:ff9b::808:808", Reach.PUBLIC),
        ("10.0.0.1", Reach.PRIVATE),
        ("172.16.9.9", Reach.PRIVATE),
        ("192.168.1.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("198.18.0.5", Reach.PRIVATE),
        ("fd00::1", Reach.PRIVATE),
        ("0.0.0.0", Reach.PRIVATE),
        ("::", Reach.PRIVATE),
        ("224.0.0.1", Reach.PRIVATE),
        ("255.255.255.255", Reach.PRIVATE),
        ("169.254.169.254", Reach.LINK_LOCAL),
        ("::ffff:169.254.169.254", Reach.LINK_LOCAL),
        ("fe80::1%eth0", Reach.LINK_LOCAL),
        ("not an address", Reach.PRIVATE),
    ],
)
def test_every_address_leads_somewhere(address: str, reach: Reach) -> None:
    assert reach_of(address) is reach


def test_a_result_is_on_the_internet_or_where_the_api_is() -> None:
    for api in Reach:
        assert {target for target in Reach if may_reach(target, {api})} == {Reach.PUBLIC, api}


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
