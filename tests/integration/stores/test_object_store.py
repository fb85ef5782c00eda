"""The object store under everything else: what is written, under which conditions, on good days and bad ones."""

import os
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from qwave_batch.folder.stores.object_store import SPOOL_BYTES, WriteLost
from qwave_batch.folder.stores.obstore_client import ObstoreClient, Patience
from qwave_batch.folder.stores.opening import PROMPT, QUICK, open_object_store
from qwave_batch.folder.stores.store_errors import StoreRefused, StoreTrouble
from qwave_batch.model.store_url import read_store_url
from tests.integration.stores.conftest import KEY_ID, SECRET, Bucket
from tests.integration.stores.faulty_proxy import (
    FORBIDDEN,
    SLOW_DOWN,
    WRONG_REGION,
    FaultyProxy,
    Refusal,
    ResetAfter,
    ResetBefore,
    ResetInBody,
    StoreFault,
)

HASTY = Patience(tries=3, first_pause_s=0.01, longest_pause_s=0.02)


def opened(bucket: Bucket) -> ObstoreClient:
    return open_object_store(read_store_url(f"{bucket.url}/runs/one"), os.environ, patience=HASTY)


def test_an_object_is_read_as_it_was_written_under_its_key_below_the_prefix(bucket: Bucket) -> None:
    store = opened(bucket)
    tag = store.put("images/a b/ü.png", b"bytes", content_type="image/png")
    assert bucket.keys() == ["runs/one/images/a b/ü.png"]
    assert bucket.content_type("runs/one/images/a b/ü.png") == "image/png"
    found = store.get("images/a b/ü.png")
    assert found is not None
    assert (found.data, found.facts.tag, found.facts.size_bytes) == (b"bytes", tag, 5)
    assert store.head("images/a b/ü.png") == found.facts
    assert list(store.list("images")) == [found.facts]


def test_what_is_not_there_is_none_and_is_removed_without_complaint(bucket: Bucket) -> None:
    store = opened(bucket)
    assert (store.get("a"), store.head("a"), store.open("a"), list(store.list())) == (None, None, None, [])
    store.delete("a")


def test_a_server_that_takes_connections_and_never_answers_is_said_soon(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first look waits no longer for an answer than a lock does, so it ends within a minute or so."""
    assert QUICK.answer_s <= PROMPT.answer_s
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        store = open_object_store(read_store_url(bucket.url), os.environ, patience=replace(QUICK, answer_s=0.1))
        with pytest.raises(StoreRefused) as raised:
            next(store.list("manifest.jsonl"), None)
    assert raised.value.trouble in {StoreTrouble.TIMED_OUT, StoreTrouble.UNREACHABLE}


def test_a_list_is_by_whole_folders_in_order_of_keys_and_may_begin_behind_one(bucket: Bucket) -> None:
    store = opened(bucket)
    for key in ("images/b", "images/a", "images-of-others/c", "manifest.jsonl"):
        store.put(key, b"")
    assert [found.key for found in store.list("images")] == ["images/a", "images/b"]
    assert [found.key for found in store.list("images", after="images/a")] == ["images/b"]
    assert len(list(store.list())) == 4


def test_a_list_has_more_than_one_page(bucket: Bucket) -> None:
    for number in range(1001):
        bucket.put(f"runs/one/images/{number:04}", b"")
    keys = [found.key for found in opened(bucket).list("images")]
    assert keys == [f"images/{number:04}" for number in range(1001)]


def test_a_large_object_is_written_from_a_view_and_read_by_way_of_a_file(bucket: Bucket) -> None:
    store, data = opened(bucket), os.urandom(SPOOL_BYTES + 1)
    store.put("large", memoryview(data))
    copy = store.open("large")
    assert copy is not None
    with copy:
        copy.seek(-10, os.SEEK_END)
        assert copy.read() == data[-10:]
        copy.seek(0)
        assert copy.read() == data


def test_a_condition_that_does_not_hold_leaves_what_is_there(bucket: Bucket) -> None:
    store = opened(bucket)
    first = store.put("lock", b"one", if_absent=True)
    with pytest.raises(WriteLost, match="written by another process meanwhile"):
        store.put("lock", b"two", if_absent=True)
    second = store.put("lock", b"three", if_match=first)
    with pytest.raises(WriteLost):
        store.put("lock", b"four", if_match=first)
    assert second != first
    assert bucket.content("runs/one/lock") == b"three"
    store.delete("lock")
    with pytest.raises(WriteLost):
        store.put("lock", b"five", if_match=second)
    assert bucket.keys() == []


@pytest.mark.parametrize("fault", [SLOW_DOWN, ResetBefore(), ResetAfter()], ids=str)
def test_a_write_meets_a_bad_moment_and_is_done_once_with_or_without_a_condition(
    bucket: Bucket, proxy: FaultyProxy, fault: StoreFault
) -> None:
    store = opened(bucket)
    proxy.first(2, fault)
    plain = store.put("plain", b"1")
    proxy.first(2, fault)
    store.put("new", b"2", if_absent=True)
    proxy.first(2, fault)
    store.put("plain", b"3", if_match=plain)
    assert [bucket.content(key) for key in ("runs/one/new", "runs/one/plain")] == [b"2", b"3"]


def test_a_write_that_another_wins_in_a_bad_moment_is_lost(bucket: Bucket, proxy: FaultyProxy) -> None:
    store = opened(bucket)
    bucket.put("runs/one/lock", b"of another")
    proxy.first(1, ResetBefore())
    with pytest.raises(WriteLost):
        store.put("lock", b"ours", if_absent=True)
    assert bucket.content("runs/one/lock") == b"of another"


def test_a_read_and_a_list_that_break_off_go_on(bucket: Bucket, proxy: FaultyProxy) -> None:
    store, data = opened(bucket), os.urandom(200_000)
    store.put("images/a", data)
    proxy.first(1, ResetInBody(), "GET")
    found = store.get("images/a")
    assert found is not None
    assert found.data == data
    proxy.first(1, ResetInBody(), "GET")
    assert [found.key for found in store.list("images")] == ["images/a"]
    proxy.first(1, SLOW_DOWN, "HEAD")
    assert store.head("images/a") is not None


def write(store: ObstoreClient) -> None:
    store.put("a", b"")


def write_if_absent(store: ObstoreClient) -> None:
    store.put("a", b"", if_absent=True)


def read(store: ObstoreClient) -> None:
    store.get("a")


def list_all(store: ObstoreClient) -> None:
    list(store.list("images"))


CALLS = [write, write_if_absent, read, list_all]
REFUSALS = [
    (FORBIDDEN, StoreTrouble.DENIED, r"denies it \(403 AccessDenied\)"),
    (Refusal(403, "InvalidAccessKeyId"), StoreTrouble.BAD_CREDENTIALS, r"\(403 InvalidAccessKeyId\); renew them"),
    (Refusal(400, "ExpiredToken"), StoreTrouble.BAD_CREDENTIALS, "does not accept the credentials"),
    (Refusal(404, "NoSuchBucket"), StoreTrouble.NO_BUCKET, "there is no bucket bucket-[0-9]+;"),
    (WRONG_REGION, StoreTrouble.WRONG_REGION, "another region .* set AWS_REGION"),
    (SLOW_DOWN, StoreTrouble.BUSY, r"in spite of retries \(503 SlowDown\)"),
    (ResetBefore(), StoreTrouble.UNREACHABLE, "is not reached"),
    (Refusal(418, "Teapot"), StoreTrouble.OTHER, r"refused it \(418 Teapot\)"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("fault", "trouble", "words"), REFUSALS, ids=lambda value: str(value)[:40])
def test_a_refusal_is_one_sentence_with_nothing_of_the_request(
    bucket: Bucket, proxy: FaultyProxy, call: Callable[[ObstoreClient], None], fault: StoreFault, trouble: object,
    words: str,
) -> None:  # fmt: skip
    proxy.always(fault)
    with pytest.raises(StoreRefused, match=words) as raised:
        call(opened(bucket))
    assert raised.value.trouble is trouble
    told = str(raised.value)
    assert told.startswith(f"{bucket.url}/runs/one: can't ")
    assert "\n" not in told
    assert not any(secret in told for secret in (KEY_ID, SECRET, "X-Amz", "list-type", "<Error>", "Debug"))


def test_a_bucket_that_is_not_there_and_a_server_that_is_not(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreRefused, match="there is no bucket bucket-of-nobody"):
        opened(replace(bucket, name="bucket-of-nobody")).get("a")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreRefused, match=r"the server http://127.0.0.1:9 is not reached: the connection is refused"):
        opened(bucket).put("a", b"")


def test_plain_http_is_used_only_where_it_is_allowed(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(StoreRefused, match=r"plain http.*AWS_ALLOW_HTTP=true"):
        opened(bucket).get("a")
