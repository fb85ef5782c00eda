"""Which certificates are trusted beside the system's own: what the customary environment variables name."""

from collections.abc import Mapping
from dataclasses import dataclass

NAMES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Files or folders with certificates, each with the variable that names it."""

    bundles: tuple[tuple[str, str], ...] = ()


def trust_from(environment: Mapping[str, str]) -> Trust:
    """Return what ``SSL_CERT_FILE`` and ``REQUESTS_CA_BUNDLE`` name; nothing is opened."""
    return Trust(bundles=tuple((name, environment[name]) for name in NAMES if environment.get(name)))
