"""Addresses of places in object stores: what is one, and that none with a key in it is ever taken or repeated."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.model.store_url import BadStoreUrl, StoreService, is_store_url, read_store_url

PART = st.from_regex(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,20}", fullmatch=True)
BUCKET = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,40}[a-z0-9]", fullmatch=True)


@given(BUCKET, st.lists(PART, max_size=4), st.sampled_from(["s3", "gs", "az"]))
def test_an_address_is_read_as_it_is_written(bucket: str, parts: list[str], scheme: str) -> None:
    text = "/".join([f"{scheme}://{bucket}", *parts])
    url = read_store_url(text)
    assert (str(url), url.bucket, url.prefix) == (text, bucket, "/".join(parts))
    assert url.name == (parts[-1] if parts else bucket)
    assert read_store_url(f"{text}/") == url
    assert is_store_url(text)
    assert is_store_url(str(Path(text)))
    assert read_store_url(str(Path(text))) == url


@pytest.mark.parametrize(
    ("text", "service", "spelled"),
    [
        ("S3A://bucket/x", StoreService.S3, "s3://bucket/x"),
        ("azure://box/x", StoreService.AZURE, "az://box/x"),
        ("abfs://box@acc.blob.core.windows.net/x", StoreService.AZURE, "abfss://box@acc.dfs.core.windows.net/x"),
        ("abfss://b0x@acc.dfs.fabric.microsoft.com", StoreService.AZURE, "abfss://b0x@acc.dfs.fabric.microsoft.com"),
    ],
)
def test_other_spellings_name_the_same_place(text: str, service: StoreService, spelled: str) -> None:
    assert (read_store_url(text).service, str(read_store_url(text))) == (service, spelled)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with s3://"),
        ("bucket/x", "begins with s3://"),
        ("s3:bucket", "begins with s3://"),
        ("https://bucket.s3.amazonaws.com/x", "https:// is not an object store"),
        ("file:///tmp/x", "file:// is not an object store"),
        ("s3://", "names no bucket"),
        ("s3:///x", "names no bucket"),
        ("s3://b/x", "can't be a bucket's name"),
        ("s3://bucket:9000/x", "a port"),
        ("s3://bucket/a//b", "an empty part"),
        ("s3://bucket/../b", "an empty part, . or .."),
        ("s3://bucket/a b", "a blank"),
        ("s3://bucket/a\nb", "a line end"),
        ("s3://bucket/a?versionId=1", "a query"),
        ("s3://bucket/a#b", "a fragment"),
        ("s3://bucket/{{ model }}", "a blank"),
        ("s3://bucket/{{model}}", "a template"),
        ("s3://bucket/" + "x" * 501, "longer than 500 bytes"),
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(BadStoreUrl, match=words):
        read_store_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://AKIAKEY:s3cr3t@bucket/x",
        "s3://s3cr3t@bucket/x",
        "gs://s3cr3t@bucket",
        "abfss://box:s3cr3t@acc.dfs.core.windows.net/x",
        "abfss://s3cr3t@elsewhere.example.com/x",
        "az://box/x?sig=s3cr3t",
    ],
)
def test_one_with_a_key_in_it_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadStoreUrl) as raised:
        read_store_url(text)
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize("text", ["runs/one", "./s3/x", "/s3:/x", "c:/x", "a:b", "s3:x", "other:/x", "", "~/s3:/x"])
def test_a_path_is_no_address(text: str) -> None:
    assert not is_store_url(text)
