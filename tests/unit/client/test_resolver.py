"""Allowed addresses of results, by the address of the API."""

import asyncio
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from qwave_batch.client.resolver import ForbiddenAddress, ResultGuard
from qwave_batch.client.web_addresses import read_address


class Names(AbstractResolver):
    """Answers every look-up with the same addresses; without any, none can be made."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        if not self.addresses:
            raise OSError(None, "no name server")
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        pass


def passes(guard: ResultGuard, address: str) -> bool:
    try:
        asyncio.run(guard.check_ip(address, 443))
    except ForbiddenAddress:
        return False
    return True


@pytest.mark.parametrize(
    ("api", "private", "loopback"),
    [
        (["8.8.8.8"], False, False),
        ([], False, False),
        (["10.1.2.3"], True, False),
        # a company's name often has a private IPv4 address and an IPv6 one that looks public
        (["10.1.2.3", "2606:4700::1"], True, False),
        (["10.1.2.3", "8.8.8.8"], False, False),
        (["fd00::1"], True, False),
        (["127.0.0.1", "::1"], False, True),
        (["127.0.0.1", "10.1.2.3"], True, False),
        (["169.254.1.1"], False, False),
        (["169.254.1.1", "10.1.2.3"], True, False),
    ],
)
def test_results_are_where_the_api_is(api: list[str], private: bool, loopback: bool) -> None:  # noqa: FBT001
    guard = ResultGuard(Names(*api), read_address("https://api.example/v1"))
    assert passes(guard, "8.8.4.4")
    assert [passes(guard, address) for address in ("10.9.9.9", "127.0.0.1")] == [private, loopback]
    assert not passes(guard, "169.254.169.254")


def test_a_base_url_written_as_a_number_may_be_on_this_wire() -> None:
    guard = ResultGuard(Names(), read_address("https://169.254.7.7/v1"))
    assert passes(guard, "169.254.7.8")


def test_nothing_is_looked_up_for_a_public_address() -> None:
    names = Names("8.8.8.8")
    assert passes(ResultGuard(names, read_address("https://api.example/v1")), "8.8.4.4")
    assert not names.asked


def test_the_api_is_looked_up_once() -> None:
    names = Names("10.1.2.3")
    guard = ResultGuard(names, read_address("https://api.example/v1"))
    assert passes(guard, "10.9.9.9")
    names.addresses = ("8.8.8.8",)
    assert passes(guard, "10.9.9.9")
    assert names.asked == 1


FAKE = ("198.18.0.7", "198.19.255.1", "::ffff:198.18.0.7", "64:ff9b::c612:7")


def resolved(guard: ResultGuard, names: Names) -> list[str]:
    guard._names = names
    return [entry["host"] for entry in asyncio.run(guard.resolve("cdn.example", 443))]


@pytest.mark.parametrize("fake", FAKE)
@pytest.mark.parametrize("api", ["8.8.8.8", "198.18.0.3", "10.1.2.3"])
def test_a_name_may_stand_for_an_address_that_a_transparent_proxy_makes_up(api: str, fake: str) -> None:
    guard = ResultGuard(Names(api), read_address("https://api.example/v1"))
    asyncio.run(guard.api_reach())
    assert resolved(guard, Names(fake)) == [fake]
    assert resolved(guard, Names(fake, "8.8.4.4")) == [fake, "8.8.4.4"]


@pytest.mark.parametrize("fake", FAKE)
def test_the_number_itself_in_a_result_is_refused(fake: str) -> None:
    guard = ResultGuard(Names("198.18.0.3"), read_address("https://api.example/v1"))
    host = f"[{fake}]" if ":" in fake else fake
    with pytest.raises(ForbiddenAddress):
        asyncio.run(guard.check(read_address(f"https://{host}/a.png")))


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "100.64.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "fc00::1"]
)
@pytest.mark.parametrize("api", [["198.18.0.3"], ["198.18.0.3", "10.1.2.3"]])
def test_such_a_proxy_opens_nothing_of_the_own_network(api: list[str], address: str) -> None:
    guard = ResultGuard(Names(*api), read_address("https://api.example/v1"))
    asyncio.run(guard.api_reach())
    with pytest.raises(ForbiddenAddress):
        resolved(guard, Names(address))


def test_a_refusal_names_the_range_and_what_can_be_done() -> None:
    guard = ResultGuard(Names("8.8.8.8"), read_address("https://api.example/v1"))
    asyncio.run(guard.api_reach())
    with pytest.raises(ForbiddenAddress, match=r"in 100\.64\.0\.0/10, which leads into the own network.*HTTPS_PROXY"):
        resolved(guard, Names("100.64.3.4"))
