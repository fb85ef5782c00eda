"""The address of a place in an object store: ``s3://bucket/prefix`` and the like. Pure: nothing is reached here."""

import re
from dataclasses import dataclass
from enum import StrEnum


class StoreService(StrEnum):
    """The services that object stores speak the language of."""

    S3 = "s3"
    GCS = "gs"
    AZURE = "az"


_SERVICES = {
    "s3": StoreService.S3,
    "s3a": StoreService.S3,
    "gs": StoreService.GCS,
    "az": StoreService.AZURE,
    "azure": StoreService.AZURE,
    "adl": StoreService.AZURE,
    "abfs": StoreService.AZURE,
    "abfss": StoreService.AZURE,
}
_WITH_ACCOUNT = {"abfs", "abfss"}
SCHEMES = "s3://, gs://, az:// or abfss://"
"""The usual ones, in words."""
_BEGINNING = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(/?)")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")
_ACCOUNT_HOST = re.compile(r"([a-z0-9-]{3,63})\.(dfs|blob)\.(core\.windows\.net|fabric\.microsoft\.com)")
_STEERING = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_MOST_PREFIX_BYTES = 500
"""A key has at most 1,024 bytes, and the longest path of an image lies below the prefix."""


class BadStoreUrl(ValueError):
    """A text that is not the address of a place in an object store; its message says why, without any secret in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreUrl:
    """A place in an object store. Two texts for the same place give equal values."""

    service: StoreService
    bucket: str
    """The bucket, or the container of an account."""
    prefix: str = ""
    """The folder in it, without ``/`` at either end; empty is the bucket itself."""
    account: str | None = None
    """Azure's storage account, where the address names it."""
    is_fabric: bool = False
    """Whether the account is one of Microsoft Fabric."""

    def __str__(self) -> str:
        """Return the address in its usual spelling."""
        below = f"/{self.prefix}" if self.prefix else ""
        if self.account is None:
            return f"{self.service.value}://{self.bucket}{below}"
        domain = "fabric.microsoft.com" if self.is_fabric else "core.windows.net"
        return f"abfss://{self.bucket}@{self.account}.dfs.{domain}{below}"

    @property
    def name(self) -> str:
        """The last part of the place: what a folder's name is to a folder."""
        return self.prefix.rpartition("/")[2] or self.bucket


def is_store_url(text: str) -> bool:
    """Whether a text is meant as an address rather than as a path, also after a path was made of it."""
    found = _BEGINNING.match(text)
    return found is not None and (bool(found[2]) or found[1].lower() in _SERVICES)


def read_store_url(text: str) -> StoreUrl:
    """Return the place that a text names.

    Raises:
        BadStoreUrl: it names none, or holds a key or the like.
    """
    found = _BEGINNING.match(text)
    if found is not None and not found[2]:  # it was a path for a while, which has no double slash
        text = f"{found[1]}://{text[found.end() :]}"
    scheme, separator, rest = text.strip().partition("://")
    scheme = scheme.lower()
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme):
        raise BadStoreUrl(f"it is not an address in an object store, which begins with {SCHEMES}")
    if scheme not in _SERVICES:
        raise BadStoreUrl(f"{scheme}:// is not an object store that is known here; an address begins with {SCHEMES}")
    if _STEERING.search(rest):
        raise BadStoreUrl("it has a blank, a line end or the like in it")
    for sign, what in (("?", "a query"), ("#", "a fragment"), ("\\", "a backslash")):
        if sign in rest:
            raise BadStoreUrl(f"it has {what} in it ({sign}), which no address of a store has")
    authority, _, path = rest.partition("/")
    bucket, account, is_fabric = _authority(scheme, authority)
    return StoreUrl(
        service=_SERVICES[scheme], bucket=bucket, prefix=_prefix(path), account=account, is_fabric=is_fabric
    )


def _authority(scheme: str, authority: str) -> tuple[str, str | None, bool]:
    """Return the bucket, the account and whether it is one of Fabric."""
    bucket, at, host = authority.rpartition("@")
    account, is_fabric = None, False
    if at:
        found = _ACCOUNT_HOST.fullmatch(host) if scheme in _WITH_ACCOUNT and ":" not in bucket else None
        if found is None:
            raise BadStoreUrl(
                "it has a name or a key before an @; keys belong where the store's own tools keep them, and are never "
                "part of an address"
            )
        account, is_fabric = found[1], found[3].startswith("fabric")
    else:
        bucket = authority
    if ":" in bucket:
        raise BadStoreUrl("it has a port in it; the address of a server of your own belongs in AWS_ENDPOINT_URL")
    if not bucket:
        raise BadStoreUrl(f"it names no bucket, as in {scheme}://BUCKET/FOLDER")
    if not _BUCKET.fullmatch(bucket):
        raise BadStoreUrl(f"{bucket!r} can't be a bucket's name, which has letters, digits, dots, - and _")
    return bucket, account, is_fabric


def _prefix(path: str) -> str:
    prefix = path.strip("/")
    parts = prefix.split("/") if prefix else []
    if any(part in {"", ".", ".."} for part in parts):
        raise BadStoreUrl("it has an empty part, . or .. in it, which stores don't understand as folders do")
    if "{{" in prefix or "{%" in prefix:
        raise BadStoreUrl("it has a template in it; it is one place for the whole run")
    if len(prefix.encode()) > _MOST_PREFIX_BYTES:
        raise BadStoreUrl(f"it is longer than {_MOST_PREFIX_BYTES} bytes behind the bucket, which leaves no room")
    return prefix
