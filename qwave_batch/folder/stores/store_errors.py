"""The one border where an object store's errors become ours: a sentence each, and nothing of the request in it.

The texts of the library hold the addresses of requests, and with some services those hold signatures. So no text is
passed on: what is known is picked out of it, and put into words here.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.model.store_url import StoreService


class StoreTrouble(StrEnum):
    """Why a store does not do what it is asked for."""

    NO_BUCKET = "no bucket"
    DENIED = "denied"
    NO_CREDENTIALS = "no credentials"
    BAD_CREDENTIALS = "bad credentials"
    WRONG_REGION = "wrong region"
    PLAIN_HTTP = "plain http"
    BAD_SETTING = "bad setting"
    NO_CONDITIONS = "no conditional writes"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed out"
    BUSY = "busy"
    OTHER = "other"


_SETTINGS = frozenset(
    {
        StoreTrouble.NO_BUCKET,
        StoreTrouble.DENIED,
        StoreTrouble.NO_CREDENTIALS,
        StoreTrouble.BAD_CREDENTIALS,
        StoreTrouble.WRONG_REGION,
        StoreTrouble.PLAIN_HTTP,
        StoreTrouble.BAD_SETTING,
        StoreTrouble.NO_CONDITIONS,
    }
)
"""Troubles that are there before a run begins, and stay until somebody changes a setting."""


class StoreRefused(StorageError):
    """An object store does not do what it is asked for."""

    def __init__(self, message: str, trouble: StoreTrouble, *, is_ours_to_repeat: bool = False) -> None:
        super().__init__(message)
        self.trouble = trouble
        self.is_ours_to_repeat = is_ours_to_repeat
        """Whether the library has not tried again by itself, and the same call may well succeed."""


class StoreUnusable(UsageError):
    """A store that can't be used as it is set up; nothing was sent or written."""


def before_work(error: StoreRefused) -> StoreRefused | StoreUnusable:
    """Return the error to raise where nothing was done yet: what is set up wrongly is for the user to change."""
    return StoreUnusable(str(error)) if error.trouble in _SETTINGS else error


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlace:
    """A store, as its errors name it."""

    address: str
    bucket: str
    service: StoreService
    endpoint: str | None = None
    """The server, where it is not the service's own: its scheme, host and port, and nothing else of its address."""


_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z][A-Za-z0-9]{2,60})</Code>")
_DENIED = frozenset({401, 403})
_BUSY = frozenset({409, 429, 500, 502, 503, 504})
_NO_BUCKET = frozenset({"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted", "InvalidBucketName"})
_BAD_KEY = frozenset(
    {
        "AuthenticationFailed",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidSecurity",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "AuthorizationHeaderMalformed",
    }
)
_REGION = frozenset({"PermanentRedirect", "IllegalLocationConstraintException", "TemporaryRedirect"})
_METADATA = ("169.254.169.254", "fd00:ec2::254", "/latest/api/token", "/latest/meta-data", "computeMetadata")
_REDIRECTED = ("incorrectly configured region", "BareRedirect")
_NO_ACCOUNT = ("MissingAccount", "MissingContainerName")
_KEYS_OF = {
    StoreService.S3: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE and its files",
    StoreService.GCS: "GOOGLE_APPLICATION_CREDENTIALS",
    StoreService.AZURE: "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
}


def has_no_object(text: str) -> bool:
    """Whether a "not found" of the library is one of the object, not of its bucket."""
    code = _CODE.search(text)
    return code is None or code[1] not in _NO_BUCKET


def store_refusal(error: Exception, place: StorePlace, doing: str) -> StoreRefused:
    """Return an error of the library in our words.

    Args:
        error: It.
        place: The store.
        doing: The call that failed, as in ``write manifest.jsonl``.
    """
    text = str(error)
    trouble = _trouble(text, type(error).__name__)
    message = f"{place.address}: can't {doing}: {_reason(trouble, text, place)}"
    repeats = trouble in {StoreTrouble.UNREACHABLE, StoreTrouble.TIMED_OUT, StoreTrouble.BUSY}
    return StoreRefused(message, trouble, is_ours_to_repeat=repeats)


def _trouble(text: str, kind: str) -> StoreTrouble:
    """Return the first trouble whose signs are there."""
    found = _CODE.search(text)
    code, status = found[1] if found else "", _status(text)
    signs = (
        (StoreTrouble.NO_CREDENTIALS, any(sign in text for sign in (*_METADATA, *_NO_ACCOUNT))),
        (StoreTrouble.NO_BUCKET, code in _NO_BUCKET),
        (StoreTrouble.WRONG_REGION, code in _REGION or any(sign in text for sign in _REDIRECTED)),
        (StoreTrouble.WRONG_REGION, code == "AuthorizationHeaderMalformed" and "region" in text),
        (StoreTrouble.BAD_CREDENTIALS, code in _BAD_KEY or kind == "UnauthenticatedError"),
        (StoreTrouble.DENIED, status in _DENIED or kind == "PermissionDeniedError"),
        (StoreTrouble.BUSY, status in _BUSY),
        (StoreTrouble.PLAIN_HTTP, "BadScheme" in text),
    )
    return next((trouble for trouble, is_there in signs if is_there), None) or _trouble_of_the_way(text, kind)


def _trouble_of_the_way(text: str, kind: str) -> StoreTrouble:
    if "kind: Timeout" in text or "TimedOut" in text:
        return StoreTrouble.TIMED_OUT
    if "kind: Connect" in text or "HTTP error: error sending request" in text:
        return StoreTrouble.UNREACHABLE
    if "kind: Interrupted" in text or "response body error" in text:
        return StoreTrouble.UNREACHABLE
    is_setting = kind in {"UnknownConfigurationKeyError", "NotSupportedError"} or "kind: Builder" in text
    return StoreTrouble.BAD_SETTING if is_setting or "RetryError" not in text else StoreTrouble.OTHER


def _reason(trouble: StoreTrouble, text: str, place: StorePlace) -> str:
    server = f"the server {place.endpoint}" if place.endpoint else "the service"
    reasons = {
        StoreTrouble.NO_BUCKET: f"there is no bucket {place.bucket}; make it, or correct its name",
        StoreTrouble.DENIED: f"the store denies it{_code(text)}; the credentials need the right to list, read, write "
        "and delete there",
        StoreTrouble.NO_CREDENTIALS: f"no credentials were found; set {_KEYS_OF[place.service]}",
        StoreTrouble.BAD_CREDENTIALS: f"the store does not accept the credentials{_code(text)}; renew them",
        StoreTrouble.WRONG_REGION: f"the bucket {place.bucket} lies in another region than the one that is set; set "
        "AWS_REGION to its region",
        StoreTrouble.PLAIN_HTTP: f"{place.endpoint or 'its server'} is reached by plain http, where everybody on the "
        "way can read what is sent; with AWS_ALLOW_HTTP=true it is used anyway",
        StoreTrouble.BAD_SETTING: "a setting of the environment is not understood; look at the variables that begin "
        f"with {_variables(place.service)}",
        StoreTrouble.UNREACHABLE: f"{server} is not reached{_socket_reason(text)}",
        StoreTrouble.TIMED_OUT: f"{server} did not answer in time",
        StoreTrouble.BUSY: f"{server} did not serve it in spite of retries{_code(text)}",
    }
    return reasons.get(trouble, f"{server} refused it{_code(text)}")


def _code(text: str) -> str:
    """Return the store's own code in brackets, which people look up."""
    code, status = _CODE.search(text), _status(text)
    told = [str(status)] if status else []
    told += [code[1]] if code else []
    return f" ({' '.join(told)})" if told else ""


def _status(text: str) -> int | None:
    found = _STATUS.search(text)
    return int(found[1]) if found else None


def _socket_reason(text: str) -> str:
    if "dns error" in text:
        return ": its name is not known"
    if "Connection refused" in text:
        return ": the connection is refused"
    if "certificate" in text.lower():
        return ": its certificate is not trusted"
    return ""


def _variables(service: StoreService) -> str:
    return {StoreService.S3: "AWS_", StoreService.GCS: "GOOGLE_", StoreService.AZURE: "AZURE_"}[service]
