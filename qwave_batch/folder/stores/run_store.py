"""The object store of one run folder: its address, its objects, and the artifacts among them."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.folder.artifacts import MANIFEST
from qwave_batch.folder.stores.object_store import ObjectStore, WriteLost
from qwave_batch.folder.stores.opening import PATIENT, PROMPT, QUICK, open_object_store
from qwave_batch.folder.stores.store_artifacts import StoreArtifacts
from qwave_batch.folder.stores.store_errors import StoreRefused, StoreTrouble, StoreUnusable, before_work
from qwave_batch.model.store_url import BadStoreUrl, StoreUrl, read_store_url

_MOST_KEY_BYTES = 1024
_PROBES = ".qwave/probe-"
"""Beginning of the names of objects by which a store is tried out; one that was left behind may be removed."""


@dataclass(frozen=True, slots=True)
class RunStore:
    """The store of a run folder."""

    url: StoreUrl
    objects: ObjectStore
    artifacts: StoreArtifacts
    lock_objects: ObjectStore
    """The same place for the folder's lock: no answer is waited for as long as the lock lasts."""

    @classmethod
    def of(cls, url: StoreUrl, objects: ObjectStore, lock_objects: ObjectStore | None = None) -> Self:
        """Return a store over objects."""
        below = len(f"{url.prefix}/".encode()) if url.prefix else 0
        artifacts = StoreArtifacts(objects, most_path_bytes=_MOST_KEY_BYTES - below)
        return cls(url, objects, artifacts, lock_objects or objects)

    @classmethod
    def opened(cls, url: StoreUrl, environ: Mapping[str, str] | None = None) -> Self:
        """Return a store, open to be used; nothing is sent for that.

        Raises:
            MissingExtra: the library for it is not installed.
            StoreUnusable: the environment or a profile can't be right.
        """
        environ = os.environ if environ is None else environ
        patient, prompt = (open_object_store(url, environ, patience=each) for each in (PATIENT, PROMPT))
        return cls.of(url, patient, prompt)

    @classmethod
    def named(cls, text: str, environ: Mapping[str, str] | None = None) -> Self:
        """Return the store that a text names, to be looked at; a first look shows whether it can be.

        Raises:
            MissingExtra, StoreUnusable: as for ``opened``; or the text is not an address, or the store denies a look.
            StorageError: it can't be reached.
        """
        url = store_url_of(text)
        try_to_read(open_object_store(url, os.environ if environ is None else environ, patience=QUICK))
        return cls.opened(url, environ)


def store_url_of(text: str) -> StoreUrl:
    """Return the address that a text of a user names.

    Raises:
        UsageError: it is not one. The text is not repeated: it may hold a key.
    """
    try:
        return read_store_url(text)
    except BadStoreUrl as error:
        raise UsageError(f"the address of the store is not right: {error}") from None


def try_to_read(objects: ObjectStore) -> None:
    """Have a first look at a store.

    Raises:
        StoreUnusable: it is set up wrongly.
        StorageError: it can't be reached.
    """
    try:
        next(objects.list(MANIFEST), None)  # a list tells a missing bucket from an empty one
    except StoreRefused as error:
        raise before_work(error) from None


def try_to_write(url: StoreUrl, environ: Mapping[str, str] | None = None) -> None:
    """Try out all that a run needs of a store, before anything is paid: to list, write, read, remove, and conditions.

    Raises:
        StoreUnusable: it is set up wrongly, or it does not refuse a write whose condition does not hold.
        StorageError: it can't be reached.
    """
    objects = open_object_store(url, os.environ if environ is None else environ, patience=QUICK)
    try_to_read(objects)
    key, content = f"{_PROBES}{secrets.token_hex(8)}", b"This object shows that a run can keep its results here.\n"
    try:
        tag = objects.put(key, content, content_type="text/plain", if_absent=True)
        found = objects.get(key)
        refused = [
            _is_refused(objects, key, content + b"1", if_absent=True),
            _is_refused(objects, key, content + b"2", if_match='"0123456789abcdef0123456789abcdef"'),
        ]
        objects.put(key, content + b"3", content_type="text/plain", if_match=tag)
    except WriteLost:
        refused, found = [False], None
    except StoreRefused as error:
        raise before_work(error) from None
    finally:
        with suppress(StorageError):
            objects.delete(key)
    if not all(refused):
        raise before_work(
            StoreRefused(
                f"{url}: the store ignores the conditions of writes (If-None-Match, If-Match), by which two runs are "
                "kept apart, so nothing was sent; take a store that knows them, or a folder",
                StoreTrouble.NO_CONDITIONS,
            )
        )
    if found is None or found.data != content:
        raise StoreUnusable(f"{url}: what was written is not what is read back; nothing was sent")


def _is_refused(
    objects: ObjectStore, key: str, content: bytes, *, if_absent: bool = False, if_match: str | None = None
) -> bool:
    try:
        objects.put(key, content, content_type="text/plain", if_absent=if_absent, if_match=if_match)
    except WriteLost:
        return True
    return False
