"""Which API to run against: a real one with a key, or the embedded one without."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, Self, TypeAlias

from qwave_batch.client.proxies import Proxies, proxies_from
from qwave_batch.errors import UsageError
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.short_repr import repr_of_changes

KEY_NAMES = ("QWAVE_API_KEY", "WAVE_API_KEY", "WAVEAPI_API_KEY")
"""Environment variables that may hold the key; the first that is set and not empty counts."""
BASE_URL_NAME = "QWAVE_BASE_URL"
"""The one variable that says where the key goes: an address meant for other tools (WAVEAPI_BASE_URL) is not read."""


TRUST_NAMES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Files or folders with certificates, each with the variable that names it."""

    bundles: tuple[tuple[str, str], ...] = ()


def trust_from(environment: Mapping[str, str]) -> Trust:
    """Return the files named by ``SSL_CERT_FILE`` and ``REQUESTS_CA_BUNDLE``; nothing is opened."""
    return Trust(bundles=tuple((name, environment[name]) for name in TRUST_NAMES if environment.get(name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """An API and the way to it and to its results, without the key: all that another process needs to download them."""

    base_url: str
    proxies: "Proxies | None" = None
    trust: Trust | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """An account of a real API."""

    key: str = field(repr=False)
    base_url: str | None = None
    """The API's base URL, including ``/v1``; None means the one in the spec's catalog."""
    proxies: Proxies = field(default_factory=Proxies)
    trust: Trust = field(default_factory=Trust)
    """Certificates trusted in addition to the system's."""

    def __repr__(self) -> str:
        """Return one line with the main facts."""
        return repr_of_changes(self)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: the pickle would contain the key."""
        raise TypeError("a Connection holds an API key and is not pickled; use ConnectionFromEnviron instead")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, base_url: str | None = None) -> Self:
        """Return the connection that the environment describes; a ``base_url`` overrides the environment's.

        Raises:
            UsageError: there is no key, or a proxy that cannot be used.
        """
        key = next((environ[name].strip() for name in KEY_NAMES if environ.get(name, "").strip()), None)
        if key is None:
            raise UsageError(
                f"there is no API key: set {KEY_NAMES[0]} (or {' or '.join(KEY_NAMES[1:])})",
                next_steps=(NextStep.TRY_SIMULATOR,),
            )
        return cls(
            key=key,
            base_url=base_url or environ.get(BASE_URL_NAME) or None,
            proxies=proxies_from(environ),
            trust=trust_from(environ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFromEnviron:
    """The account named by the environment at the time of a call; it holds no key, so it can be pickled and shown.

    The key is read from ``QWAVE_API_KEY``, else from ``WAVE_API_KEY``, else from ``WAVEAPI_API_KEY``; proxies and
    certificates as for ``Connection``.
    """

    base_url: str | None = None
    """The API's base URL, including ``/v1``; None means ``QWAVE_BASE_URL``, else the one in the spec's catalog."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """The embedded API. A run serves it on loopback while it lasts, and keeps its tasks in the run folder."""

    latency: str = "lognormal(1,0.35)"
    """Duration of tasks: seconds (``2``), ``1..4``, ``normal(2,0.3)`` or ``lognormal(2,0.35)``."""
    faults: str = ""
    """Faults to inject and how often, such as ``drop_after=0.05,poll.http500=10%``; see docs/simulator.md."""
    requests_per_minute: int | None = None
    """Submits allowed in any 60 seconds; None means no limit."""
    dialect: str = "september"
    """The API documents that it follows: ``may`` or ``september``."""
    seed: int = 0
    """Seed of durations and faults."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return repr_of_changes(self)


AnyAccount: TypeAlias = Connection | ConnectionFromEnviron
"""An account of a real API."""
AnyConnection: TypeAlias = Connection | ConnectionFromEnviron | Simulated
"""The accounts that a run accepts."""


def connection_with_key(connection: AnyAccount, environ: Mapping[str, str]) -> Connection:
    """Return an account with its key.

    Raises:
        UsageError: the environment has no key, or names a proxy that cannot be used.
    """
    if isinstance(connection, ConnectionFromEnviron):
        return Connection.from_environ(environ, base_url=connection.base_url)
    return connection


def connection_of(connection: AnyConnection, environ: Mapping[str, str]) -> Connection | Simulated:
    """Return a connection that is ready for use; raises as ``connection_with_key`` does."""
    return connection if isinstance(connection, Simulated) else connection_with_key(connection, environ)
