"""Every special range by its number: the tables of Python's ``ipaddress`` change from version to version."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.address_reach import Reach, may_reach, range_of, reach_of
from tests.every_case import in_one_test

PLACES = {
    Reach.PUBLIC: (
        "8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "168.63.129.15", "172.15.255.255", "172.32.0.0",
        "192.0.1.0", "192.31.196.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1",
        "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "2606:4700::5efe:808:808",
    ),
    Reach.PRIVATE: (
        "10.0.0.1", "100.64.0.1", "100.127.255.255", "172.16.9.9", "172.31.255.255", "192.0.0.1", "192.0.0.9",
        "192.0.0.10", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "fc00::1", "fd00::1", "fdff::1", "fec0::1", "feff::1", "ff02::1", "ff0e::1", "100::1", "5f00::1", "1::1",
        "4000::1", "8000::1", "2001:0:808:808::1", "2001:1::1", "2001:20::1", "2001:db8::1", "3fff::1",
        "::8.8.8.8", "::10.0.0.1", "::ffff:0:10.0.0.1", "::ffff:0:8.8.8.8", "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "64:ff9b::c000:a", "2002:a00:1::1", "2002:c0a8:101::1", "2606:4700::5efe:a00:1", "2606:4700::200:5efe:c0a8:1",
        "fd00::200:5efe:808:808", "not an address", "",
    ),
    Reach.NOBODYS: (
        "198.18.0.5", "198.19.255.255", "::ffff:198.18.0.7", "64:ff9b::c612:7", "2002:c612:7::1",
    ),
    Reach.LINK_LOCAL: (
        "169.254.169.254", "169.254.0.23", "169.254.170.2", "192.0.0.192", "168.63.129.16", "100.100.100.200",
        "0.0.0.0", "0.1.2.3", "::", "fe80::1", "febf::1", "fe80::1%eth0", "fd00:ec2::254", "fd00:ec2::23",
        "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", "::ffff:169.254.169.254", "::ffff:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe", "64:ff9b::a83f:8110", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1::808:808",
        "64:ff9b:1:a9fe:a9:fe00::", "2002:a9fe:a9fe::1", "::169.254.169.254", "::ffff:0:169.254.169.254",
        "2001:0:808:808:0:0:5601:5601", "2001:0:a9fe:a9fe::", "2001::1", "fd00::5efe:a9fe:a9fe", "::ffff:192.0.0.192",
    ),
    Reach.LOOPBACK: (
        "127.0.0.1", "127.255.0.9", "::1", "::1%lo", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "::127.0.0.1", "::ffff:0:127.0.0.1", "2606:4700::5efe:7f00:1", "2001:0:808:808:0:0:80ff:fffe",
    ),
}  # fmt: skip


@in_one_test(("address", "reach"), [(text, reach) for reach, texts in PLACES.items() for text in texts])
def test_every_address_leads_somewhere(address: str, reach: Reach) -> None:
    assert reach_of(address) is reach


@given(st.ip_addresses())
def test_nothing_is_public_that_python_takes_for_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """Our table is narrower than Python's, save that what NAT64 translates is as public as what it stands for."""
    if reach_of(address) is Reach.PUBLIC and address not in ipaddress.ip_network("64:ff9b::/96"):
        assert not address.is_private or getattr(address, "ipv4_mapped", None)
        assert not address.is_multicast
        assert not address.is_loopback


@pytest.mark.parametrize("is_by_name", [True, False])
def test_a_result_is_on_the_internet_or_where_the_api_is(*, is_by_name: bool) -> None:
    for api in Reach:
        reached = {target for target in Reach if may_reach(target, {api}, is_by_name=is_by_name)}
        assert reached == {Reach.PUBLIC, api} | ({Reach.NOBODYS} if is_by_name else set())


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("10.1.2.3", "10.0.0.0/8"),
        ("100.64.0.9", "100.64.0.0/10"),
        ("::ffff:192.168.1.1", "192.168.0.0/16"),
        ("64:ff9b::a9fe:a9fe", "169.254.0.0/16"),
        ("2002:a00:1::1", "10.0.0.0/8"),
        ("fe80::1%eth0", "fe80::/10"),
        ("fd00:ec2::254", "fd00:ec2::/32"),
        ("fc00::1", ""),
        ("8.8.8.8", ""),
        ("no address", ""),
    ],
)
def test_the_range_that_decides_is_named(address: str, found: str) -> None:
    assert range_of(address) == found
