"""The profile of AWS's own files: keys, region and endpoint, for an environment that names none of them.

The library under this package reads the environment, roles and web identities by itself, and no files.
"""

import configparser
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular
from qwave_batch.folder.stores.store_errors import StoreUnusable

_MOST_BYTES = 1 << 20
_OTHER_WAYS = ("sso_session", "sso_start_url", "credential_process", "role_arn", "login_session")
"""Keys of a profile that say how to get credentials elsewhere, which AWS's own tools do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsProfile:
    """The settings of a profile; those that it does not have are None."""

    key_id: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    region: str | None = None
    endpoint: str | None = None

    @property
    def has_keys(self) -> bool:
        """Whether both halves of a key are there."""
        return bool(self.key_id and self.secret)


def read_aws_profile(environ: Mapping[str, str]) -> AwsProfile:
    """Return the profile that ``AWS_PROFILE`` names, else ``default``; an empty one where there is none.

    Raises:
        StoreUnusable: the one that is named is in neither file, or gets its keys in a way that is not known here while
            the environment has none; or a file can't be read.
    """
    name = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    is_named = name != "default"
    config = _sections(_file(environ, "AWS_CONFIG_FILE", "config"))
    section = config.get(name if name == "default" else f"profile {name}", {})
    keys = _sections(_file(environ, "AWS_SHARED_CREDENTIALS_FILE", "credentials")).get(name, {})
    if is_named and not section and not keys:
        raise StoreUnusable(f"the profile {name}, which AWS_PROFILE names, is in neither of AWS's files")
    told = {**section, **keys}
    profile = AwsProfile(
        key_id=told.get("aws_access_key_id"),
        secret=told.get("aws_secret_access_key"),
        token=told.get("aws_session_token"),
        region=told.get("region"),
        endpoint=_endpoint(told, config),
    )
    other = next((way for way in _OTHER_WAYS if way in told), None)
    if other is not None and not profile.has_keys and not environ.get("AWS_ACCESS_KEY_ID"):
        raise StoreUnusable(
            f"the profile {name} gets its keys by {other}, which only AWS's own tools do; bring them into the "
            "environment, as `aws configure export-credentials` prints them"
        )
    return profile


def _endpoint(told: Mapping[str, str], config: Mapping[str, Mapping[str, str]]) -> str | None:
    """Return the server of a profile: that of its services for S3, else the one for all."""
    services = config.get(f"services {told.get('services', '')}", {})
    for line in services.get("s3", "").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "endpoint_url":
            return value.strip()
    return told.get("endpoint_url")


def _file(environ: Mapping[str, str], variable: str, name: str) -> Path | None:
    if environ.get(variable):
        return Path(environ[variable]).expanduser()
    home = environ.get("HOME")
    return Path(home) / ".aws" / name if home else None


def _sections(file: Path | None) -> dict[str, dict[str, str]]:
    """Return the sections of a file; none where there is no file."""
    if file is None:
        return {}
    try:
        with open_regular(file, follows_link=True) as opened:
            data = read_regular(opened, shown_as=str(file), most_bytes=_MOST_BYTES)
    except FileNotFoundError:
        return {}
    except (OSError, NotRegular) as error:
        raise StoreUnusable(f"{file} can't be read, so the keys of the store are not known: {error}") from None
    parser = configparser.RawConfigParser(strict=False, default_section="", interpolation=None)
    try:
        parser.read_string(data.decode("utf-8-sig"))
    except (configparser.Error, UnicodeDecodeError):  # its text would be in the error, and may be a key
        raise StoreUnusable(
            f"{file} can't be read, so the keys of the store are not known: it is no ini file"
        ) from None
    return {" ".join(name.split()): dict(parser.items(name)) for name in parser.sections()}
