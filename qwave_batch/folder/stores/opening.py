"""Opens a place in an object store, with the credentials and the server that the cloud's own tools use."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qwave_batch import lazy
from qwave_batch.errors import MissingExtra
from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular, system_reason
from qwave_batch.folder.stores.aws_profile import AwsProfile, read_aws_profile
from qwave_batch.folder.stores.obstore_client import ObstoreClient, Patience
from qwave_batch.folder.stores.store_errors import StorePlace, StoreUnusable, before_work, store_refusal
from qwave_batch.model.store_url import StoreService, StoreUrl

if TYPE_CHECKING:
    from obstore.store import AzureStore, ClientConfig, GCSStore, RetryConfig, S3Config, S3Store

_CONNECT_S = 10
_TRUE = frozenset({"1", "on", "true", "y", "yes"})
_ENDPOINTS = {
    StoreService.S3: ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    StoreService.GCS: ("GOOGLE_BASE_URL",),
    StoreService.AZURE: ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
_ALLOWS_HTTP = {
    StoreService.S3: "AWS_ALLOW_HTTP",
    StoreService.GCS: "GOOGLE_ALLOW_HTTP",
    StoreService.AZURE: "AZURE_ALLOW_HTTP",
}

_CERTIFICATES = "AWS_CA_BUNDLE"
"""Names a file with certificates to trust, too; ``SSL_CERT_FILE`` is read by the library."""
_MOST_BYTES_OF_CERTIFICATES = 8 << 20

PATIENT = Patience()
QUICK = Patience(tries=2, answer_s=10.0)
"""For a look at a store before any work: what does not answer is said soon."""
PROMPT = Patience(tries=2, answer_s=10.0)
"""For a lock, which runs out meanwhile."""


def open_object_store(url: StoreUrl, environ: Mapping[str, str], *, patience: Patience = PATIENT) -> ObstoreClient:
    """Return a place in an object store, open to be used; nothing is sent for that.

    Args:
        url: The place.
        environ: The environment of this process: the library reads it, too.
        patience: How often calls are tried again.

    Raises:
        MissingExtra: the library is not installed.
        StoreUnusable: the environment or a profile can't be right.
    """
    profile = read_aws_profile(environ) if url.service is StoreService.S3 else AwsProfile()
    endpoint = next((environ[name] for name in _ENDPOINTS[url.service] if environ.get(name)), None) or profile.endpoint
    place = StorePlace(
        address=str(url), bucket=url.bucket, service=url.service, endpoint=_shown_endpoint(endpoint, str(url))
    )
    options: ClientConfig = {
        "allow_http": environ.get(_ALLOWS_HTTP[url.service], "").lower() in _TRUE,
        "connect_timeout": timedelta(seconds=_CONNECT_S),
        "timeout": timedelta(seconds=patience.answer_s),
        "user_agent": "qwave-batch",
    }
    if environ.get(_CERTIFICATES) and url.service is StoreService.S3:
        options["root_certificate"] = _certificates(Path(environ[_CERTIFICATES]).expanduser(), str(url))
    retry: RetryConfig = {
        "max_retries": patience.tries,
        "backoff": {
            "init_backoff": timedelta(seconds=patience.first_pause_s),
            "max_backoff": timedelta(seconds=patience.longest_pause_s),
        },
    }
    try:
        errors = lazy.obstore_exceptions
    except ImportError:
        raise MissingExtra(f"the store {url}", "obstore", "store") from None
    try:
        return ObstoreClient(_library(url, environ, profile, options, retry), place, patience)
    except (errors.BaseError, OSError, ValueError) as error:
        raise before_work(store_refusal(error, place, "be opened")) from None


def _library(
    url: StoreUrl, environ: Mapping[str, str], profile: AwsProfile, options: "ClientConfig", retry: "RetryConfig"
) -> "S3Store | GCSStore | AzureStore":
    prefix = url.prefix or None
    if url.service is StoreService.S3:
        return lazy.obstore_store.S3Store(
            url.bucket, prefix=prefix, config=_s3_config(environ, profile), client_options=options, retry_config=retry
        )
    if url.service is StoreService.GCS:
        return lazy.obstore_store.GCSStore(url.bucket, prefix=prefix, client_options=options, retry_config=retry)
    store = lazy.obstore_store.AzureStore
    if url.account is None:
        return store(url.bucket, prefix=prefix, client_options=options, retry_config=retry)
    return store(
        url.bucket,
        prefix=prefix,
        config={"account_name": url.account, "use_fabric_endpoint": url.is_fabric},
        client_options=options,
        retry_config=retry,
    )


def _s3_config(environ: Mapping[str, str], profile: AwsProfile) -> "S3Config":
    """Return what a profile adds to the environment, which the library reads by itself and which comes first."""
    config: S3Config = {}
    if profile.has_keys and not environ.get("AWS_ACCESS_KEY_ID"):
        config["access_key_id"] = profile.key_id or ""
        config["secret_access_key"] = profile.secret or ""
        if profile.token:
            config["session_token"] = profile.token
    if profile.region and not environ.get("AWS_REGION") and not environ.get("AWS_DEFAULT_REGION"):
        config["region"] = profile.region
    if profile.endpoint and not any(environ.get(name) for name in _ENDPOINTS[StoreService.S3]):
        config["endpoint"] = profile.endpoint
    return config


def _certificates(file: Path, address: str) -> bytes:
    try:
        with open_regular(file, follows_link=True) as opened:
            return read_regular(opened, shown_as=str(file), most_bytes=_MOST_BYTES_OF_CERTIFICATES)
    except (OSError, NotRegular) as error:
        reason = system_reason(error) if isinstance(error, OSError) else error.reason
        raise StoreUnusable(f"{address}: the certificates {file}, which {_CERTIFICATES} names, {reason}") from None


def _shown_endpoint(endpoint: str | None, address: str) -> str | None:
    """Return a server's scheme, host and port: no more of it is ever shown, and one with a key in it is refused."""
    if endpoint is None:
        return None
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if host is None or parts.scheme not in {"http", "https"}:
        raise StoreUnusable(f"{address}: the endpoint that the environment names is no http address")
    if parts.username or parts.password:
        raise StoreUnusable(f"{address}: the endpoint that the environment names holds a name or a key; leave it out")
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}"
