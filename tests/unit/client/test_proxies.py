from base64 import b64encode

import pytest

from qwave_batch.client.proxies import proxies_from
from qwave_batch.client.web_addresses import read_address
from qwave_batch.errors import UsageError

API = read_address("https://api.example.com/v1")


def proxy_for(url: str, **environment: str) -> str | None:
    proxy = proxies_from(environment).for_address(read_address(url))
    return None if proxy is None else proxy.address.text


def test_without_variables_there_is_no_proxy() -> None:
    assert proxies_from({}).for_address(API) is None


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_customary_variables_are_honoured(variable: str) -> None:
    assert proxy_for(API.text, **{variable: "http://proxy.example:8080"}) == "http://proxy.example:8080"
    assert proxy_for(API.text, **{variable: "proxy.example:8080/"}) == "http://proxy.example:8080"


def test_http_and_https_have_their_own_proxy() -> None:
    assert proxy_for("http://cdn.example/a", HTTPS_PROXY="http://p:1") is None
    assert proxy_for("http://cdn.example/a", HTTP_PROXY="http://p:1") == "http://p:1"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "https://localhost/v1", "http://[::1]/"])
def test_this_machine_is_never_behind_a_proxy(url: str) -> None:
    assert proxy_for(url, ALL_PROXY="http://p:1") is None


@pytest.mark.parametrize("bypass", ["*", "example.com", ".example.com", "*.example.com", "x, api.example.com:443"])
def test_no_proxy_names_what_is_spoken_to_directly(bypass: str) -> None:
    assert proxy_for(API.text, HTTPS_PROXY="http://p:1", NO_PROXY=bypass) is None


@pytest.mark.parametrize("bypass", ["", "ample.com", "api.example.com:80", "other.example"])
def test_no_proxy_means_whole_names(bypass: str) -> None:
    assert proxy_for(API.text, HTTPS_PROXY="http://p:1", NO_PROXY=bypass) == "http://p:1"


def test_a_proxy_s_password_is_kept_and_not_shown() -> None:
    proxies = proxies_from({"HTTPS_PROXY": "http://me:hidden%40@p:1"})
    proxy = proxies.for_address(API)
    assert proxy is not None
    assert (proxy.address.text, proxy.authorization) == ("http://p:1", f"Basic {b64encode(b'me:hidden@').decode()}")
    assert "Basic" not in repr(proxies)


@pytest.mark.parametrize("text", ["socks5://me:hidden@p:1", "http://me:hidden@p:x", "http://"])
def test_a_proxy_that_can_t_be_used_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="HTTPS_PROXY") as caught:
        proxies_from({"HTTPS_PROXY": text})
    assert "hidden" not in str(caught.value)
