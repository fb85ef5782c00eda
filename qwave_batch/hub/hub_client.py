"""The only module that knows the Hub's own client: a repository of a dataset, its files and its commits.

Files are uploaded in plain requests, not by the chunked protocol (Xet) that the client prefers where it is installed:
any server that speaks the Hub's calls takes them, and images of a run have no chunks in common. Somebody who sets
HF_HUB_DISABLE_XET decides it for themselves.
"""

import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwave_batch import lazy
from qwave_batch.client.api_key import ApiKey
from qwave_batch.client.retry_after import rate_hint, retry_after_s
from qwave_batch.client.web_addresses import BadAddress, read_address
from qwave_batch.errors import MissingExtra, UsageError
from qwave_batch.hub.hub_address import HubDataset
from qwave_batch.hub.hub_errors import HeadMoved, HubDenied, HubRefused, HubThrottled, HubUnavailable
from qwave_batch.hub.push_plan import RemoteFile

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_KIND = "dataset"
_MAIN = "main"
_CONNECT_S = 20.0
_TIMEOUT_S = 60.0
"""For each piece of a request or an answer."""
_COMMIT_TIMEOUT_S = 600.0
"""A commit of many files is answered late."""
_LONGEST_MESSAGE = 500
_UPLOADED_AT_ONCE = 5
_DENIED = (401, 402, 403)
_MOVED = 412
_THROTTLED = 429
_TIMED_OUT = 408
_FAILED_FROM = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of a revision."""

    oid: str
    is_private: bool


@dataclass(slots=True)
class HubRepository:
    """A dataset's repository, at one revision."""

    dataset: HubDataset
    revision: str
    endpoint: str
    api: "HfApi"
    hub: Any
    """The module of the client."""
    key: ApiKey
    _user: str | None = None

    def user(self) -> str:
        """Return who the token belongs to; asked once, since the Hub wants it asked seldom."""
        if self._user is None:
            with self._translated("who the token belongs to"):
                self._user = str(self.api.whoami()["name"])
        return self._user

    def head(self) -> Head | None:
        """Return the newest commit; None where there is no such repository, or no such branch in it."""
        errors = self.hub.errors
        with self._translated("the repository's newest commit"):
            try:
                found = self.api.repo_info(self.dataset.repo_id, repo_type=_KIND, revision=self.revision)
            except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
                return None
            return Head(str(found.sha), is_private=bool(found.private))

    def create(self, *, is_private: bool) -> None:
        """Create the repository, and in it the branch, where they are missing."""
        with self._translated("a new repository"):
            self.api.create_repo(self.dataset.repo_id, repo_type=_KIND, private=is_private or None, exist_ok=True)
            if self.revision != _MAIN and not self.revision.startswith("refs/"):
                self.api.create_branch(self.dataset.repo_id, repo_type=_KIND, branch=self.revision, exist_ok=True)

    def files(self, head: Head) -> dict[str, RemoteFile]:
        """Return the files of a commit by path."""
        with self._translated("the repository's files"):
            listed: Iterable[Any] = self.api.list_repo_tree(
                self.dataset.repo_id, repo_type=_KIND, revision=head.oid, recursive=True
            )
            return {
                entry.path: RemoteFile(entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
                for entry in listed
                if hasattr(entry, "blob_id")  # folders are listed too
            }

    def read(self, path: str, head: Head) -> bytes:
        """Return the content of a small file of a commit."""
        with self._translated(f"{path} of the repository"):
            url = self.hub.hf_hub_url(
                self.dataset.repo_id, path, repo_type=_KIND, revision=head.oid, endpoint=self.endpoint
            )
            answer = self.hub.get_session().get(url, headers=self.hub.utils.build_hf_headers(token=True))
            self.hub.utils.hf_raise_for_status(answer)
            return bytes(answer.content)

    def check_card(self, text: str) -> None:
        """Have the Hub judge the head of a card before anything is uploaded.

        Raises:
            UsageError: the Hub will not take it.
        """
        with self._translated("the check of the card"):
            answer = self.hub.get_session().post(
                f"{self.endpoint}/api/validate-yaml",
                json={"content": text, "repoType": _KIND},
                headers=self.hub.utils.build_hf_headers(token=True),
            )
            if answer.status_code == 400:  # noqa: PLR2004 - the answer to a card that is wrong
                told = answer.json().get("errors", [])
                reasons = "; ".join(str(each.get("message")) for each in told) or "it gives no reason"
                raise UsageError(f"the Hub does not take the card: {self._shown(reasons)}; nothing was uploaded")
            self.hub.utils.hf_raise_for_status(answer)

    def addition(self, path: str, content: Path | bytes) -> Any:
        """Return the operation that adds a file, or replaces one."""
        return self.hub.CommitOperationAdd(path, content)

    def upload(self, additions: Sequence[Any]) -> None:
        """Upload the content of files, so that a commit has only to name them.

        Raises:
            UsageError: the repository's .gitignore leaves one of them out.
        """
        with self._translated("the upload of files"):
            self.api.preupload_lfs_files(
                self.dataset.repo_id,
                additions,
                repo_type=_KIND,
                revision=self.revision,
                num_threads=_UPLOADED_AT_ONCE,
                free_memory=False,
            )
        for addition in additions:
            if getattr(addition, "_should_ignore", False):
                raise UsageError(
                    f"{addition.path_in_repo} can't be pushed: the .gitignore of {self.dataset} leaves it out; "
                    "remove that line there"
                )

    def commit(self, additions: Sequence[Any], deleted: Sequence[str], *, head: Head, summary: str) -> Head:
        """Commit on top of ``head`` and return the new one.

        Raises:
            HeadMoved: ``head`` is not the newest commit any more.
            HubUnavailable: there was no answer, or one that does not tell whether it was done.
        """
        operations = [*additions, *(self.hub.CommitOperationDelete(path, is_folder=False) for path in deleted)]
        with self._translated("a commit"):
            done = self.api.create_commit(
                self.dataset.repo_id,
                operations,
                repo_type=_KIND,
                revision=self.revision,
                parent_commit=head.oid,
                commit_message=summary,
                num_threads=_UPLOADED_AT_ONCE,
            )
            return Head(str(done.oid), head.is_private)

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """Raise this package's errors for those of the Hub's client; the one border to them."""
        errors = self.hub.errors
        try:
            yield
        except errors.OfflineModeIsEnabled:
            raise UsageError("HF_HUB_OFFLINE forbids to reach the Hub; unset it") from None
        except errors.LocalTokenNotFoundError:
            raise _no_token() from None
        except Exception as error:
            own = self._as_own_error(error, what)
            if own is error:
                raise
            raise own from None

    def _as_own_error(self, error: Exception, what: str) -> Exception:
        cause: BaseException = error
        while isinstance(cause, RuntimeError) and cause.__cause__ is not None:  # an upload wraps its error
            cause = cause.__cause__
        if isinstance(cause, HubThrottled | HubUnavailable):
            return cause
        response = getattr(cause, "response", None)
        if response is not None:
            return self._of_status(int(response.status_code), cause, what)
        if _is_network_trouble(cause):
            reason = self._shown(str(cause)) or type(cause).__name__
            return HubUnavailable(f"the Hub does not answer at {self.endpoint} ({reason})")
        if isinstance(cause, RuntimeError | ValueError):
            return HubRefused(f"the Hub refused {what}: {self._shown(str(cause))}")
        return error

    def _of_status(self, status: int, error: BaseException, what: str) -> Exception:
        told = self._shown(str(getattr(error, "server_message", None) or "")) or "it gives no reason"
        if status == _MOVED:
            return HeadMoved(told)
        if status == 401:  # noqa: PLR2004 - the status that says it
            return HubDenied(f"the Hub at {self.endpoint} does not accept the token (HTTP 401): {told}")
        if status in _DENIED:
            return HubDenied(f"the token may not do this (HTTP {status}): {what} of {self.dataset}: {told}")
        if status == _TIMED_OUT:
            return HubUnavailable(f"the Hub cannot work now (HTTP {status}): {what}: {told}")
        if status == 404:  # noqa: PLR2004 - the status that says it
            return UsageError(
                f"the Hub does not find {self.dataset} (HTTP 404): {what}: {told}; the owner or the revision may be "
                "misspelt, or the token may not see it"
            )
        return HubRefused(f"the Hub refused {what} (HTTP {status}): {told}")

    def _shown(self, text: str) -> str:
        """Return what the Hub says on one line, without the token."""
        return self.key.redact(" ".join(text.split()))[:_LONGEST_MESSAGE]


@contextmanager
def open_repository(
    dataset: HubDataset, environ: Mapping[str, str], *, revision: str | None = None
) -> Iterator[HubRepository]:
    """Open a repository with the token that the Hub's own client finds.

    Args:
        dataset: The repository, which need not be there yet.
        environ: The environment, for HF_ENDPOINT and HF_HUB_DISABLE_XET.
        revision: The branch; the main one without it.

    Raises:
        MissingExtra: the Hub's client is not installed.
        HubDenied: there is no token.
        UsageError: HF_ENDPOINT would have the token sent without encryption.
    """
    hub = _hub_module()
    make_api = hub.HfApi  # loads the parts of the client that are used below
    endpoint = (environ.get("HF_ENDPOINT") or hub.constants.ENDPOINT).rstrip("/")
    _check_endpoint(endpoint)
    key = _key_of(hub)
    with _own_ways(hub, disables_xet="HF_HUB_DISABLE_XET" not in environ):
        api = make_api(endpoint=endpoint, token=True, library_name="qwave-batch")  # read anew, as some expire
        yield HubRepository(dataset, revision or _MAIN, endpoint, api, hub, key)


def _key_of(hub: Any) -> ApiKey:
    """Return the token that the client finds; it may ask for a new one over the network."""
    try:
        token = hub.get_token()
    except Exception as error:  # noqa: BLE001 - whatever keeps the client from it, there is none
        raise HubDenied(f"no token for the Hub could be had ({type(error).__name__})") from None
    if not token:
        raise _no_token()
    try:
        return ApiKey(token)
    except UsageError:
        raise HubDenied("the token for the Hub cannot be one: was it copied whole, and nothing with it?") from None


def _no_token() -> HubDenied:
    return HubDenied(
        "there is no token for the Hub: set HF_TOKEN to one that may write, or log in with `hf auth login` "
        "(tokens are made at https://huggingface.co/settings/tokens)"
    )


def _hub_module() -> Any:
    try:
        return lazy.huggingface_hub
    except ModuleNotFoundError as error:
        raise MissingExtra("pushing to the Hub", "huggingface_hub", "hub") from error


def _check_endpoint(endpoint: str) -> None:
    try:
        address = read_address(endpoint)
    except BadAddress as error:
        raise UsageError(f"HF_ENDPOINT is not a web address: {error}") from None
    if address.scheme == "http" and not address.is_loopback:
        raise UsageError("HF_ENDPOINT begins with http://, over which the token could be read; write https://")


@contextmanager
def _own_ways(hub: Any, *, disables_xet: bool) -> Iterator[None]:
    """Have the client keep time limits, hand out what it would wait for, and be silent; afterwards it is as before."""
    http, constants, logger = hub.utils._http, hub.constants, hub.utils.logging  # noqa: SLF001 - see ``before``
    # somebody may have set a factory of their own, with a proxy or a certificate
    before = getattr(http, "_GLOBAL_CLIENT_FACTORY", http.default_client_factory)
    level, has_bars = logger.get_verbosity(), not hub.utils.are_progress_bars_disabled()

    def make() -> Any:
        client = before()
        hooks = {name: list(calls) for name, calls in client.event_hooks.items()}
        hooks.setdefault("request", []).append(_limit_time)
        hooks.setdefault("response", []).append(_hand_out_waits)
        client.event_hooks = hooks
        return client

    with ExitStack() as undo:
        hub.set_client_factory(make)
        undo.callback(hub.set_client_factory, before)
        logger.set_verbosity_error()  # its warnings hold addresses that are signed
        undo.callback(logger.set_verbosity, level)
        if disables_xet:
            undo.callback(setattr, constants, "HF_HUB_DISABLE_XET", constants.HF_HUB_DISABLE_XET)
            constants.HF_HUB_DISABLE_XET = True
        undo.enter_context(warnings.catch_warnings())
        # of old ways of the client's own, and of what the Hub would like to find in a card beside what it needs
        warnings.simplefilter("ignore")
        if has_bars:
            hub.utils.disable_progress_bars()
            undo.callback(hub.utils.enable_progress_bars)
        yield


def _limit_time(request: Any) -> None:
    """Set the time limits of a request: the client itself has none."""
    read_s = _COMMIT_TIMEOUT_S if "/commit/" in request.url.path else _TIMEOUT_S
    request.extensions["timeout"] = {"connect": _CONNECT_S, "read": read_s, "write": _TIMEOUT_S, "pool": _TIMEOUT_S}


def _hand_out_waits(response: Any) -> None:
    """Raise for an answer that the client would wait after on its own, without a word and for as long as it is told."""
    if response.status_code == _THROTTLED:
        raise HubThrottled(_told_wait_s(dict(response.headers)))
    if response.status_code >= _FAILED_FROM:
        raise HubUnavailable(f"the Hub cannot work now (HTTP {response.status_code})")


def _told_wait_s(headers: Mapping[str, str]) -> float | None:
    """Return how long the Hub asks to wait; None where it does not tell."""
    now = time.time()
    told = retry_after_s(headers, now)
    if told is not None:
        return told
    hint = rate_hint(headers, now)
    return None if hint is None or hint.remaining else hint.reset_s


def _is_network_trouble(error: BaseException) -> bool:
    """Whether an error is one of a connection: the client hands those of its transport on."""
    names = {each.__name__ for each in type(error).__mro__}
    return bool(names & {"TransportError", "ConnectionError", "TimeoutError"})
