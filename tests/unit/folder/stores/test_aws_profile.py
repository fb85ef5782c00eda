"""Profiles of AWS's own files: which one counts, what it adds, and what is said without showing any of it."""

from pathlib import Path

import pytest

from qwave_batch.folder.stores.aws_profile import AwsProfile, read_aws_profile
from qwave_batch.folder.stores.store_errors import StoreUnusable

CREDENTIALS = """
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default/secret=

[work]
aws_access_key_id=AKIAWORK
aws_secret_access_key=work%secret
aws_session_token=token
"""
CONFIG = """
[default]
region = eu-central-1
[profile work]
region = us-west-2
endpoint_url = https://minio.example.com
[profile services-of-its-own]
aws_access_key_id = AKIACONFIG
aws_secret_access_key = s
services = mine
[services mine]
s3 =
  endpoint_url = https://s3.example.com
  addressing_style = path
dynamodb =
  endpoint_url = https://dynamodb.example.com
[profile by-sso]
sso_session = corp
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(CREDENTIALS)
    (folder / "config").write_text(CONFIG)
    return {"HOME": str(tmp_path)}


def test_the_default_profile_is_read_without_any_variable(environ: dict[str, str]) -> None:
    expected = AwsProfile(key_id="AKIADEFAULT", secret="default/secret=", region="eu-central-1")
    assert read_aws_profile(environ) == expected


def test_a_named_profile_has_parts_in_both_files(environ: dict[str, str]) -> None:
    profile = read_aws_profile({**environ, "AWS_PROFILE": "work"})
    assert (profile.key_id, profile.secret, profile.token) == ("AKIAWORK", "work%secret", "token")
    assert (profile.region, profile.endpoint) == ("us-west-2", "https://minio.example.com")


def test_the_server_of_a_service_counts_before_the_one_for_all(environ: dict[str, str]) -> None:
    assert read_aws_profile({**environ, "AWS_PROFILE": "services-of-its-own"}).endpoint == "https://s3.example.com"


def test_variables_name_other_files(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("[default]\naws_access_key_id = MINE\naws_secret_access_key = s\n")
    assert read_aws_profile({**environ, "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "mine")}).key_id == "MINE"


def test_without_files_there_is_nothing(tmp_path: Path) -> None:
    assert read_aws_profile({"HOME": str(tmp_path)}) == AwsProfile()
    assert read_aws_profile({}) == AwsProfile()


def test_a_named_profile_that_is_nowhere_is_an_error(environ: dict[str, str]) -> None:
    with pytest.raises(StoreUnusable, match="the profile play, which AWS_PROFILE names, is in neither"):
        read_aws_profile({**environ, "AWS_PROFILE": "play"})


def test_a_profile_that_gets_its_keys_elsewhere_is_an_error_unless_there_are_keys(environ: dict[str, str]) -> None:
    with pytest.raises(StoreUnusable, match=r"by sso_session, .* `aws configure export-credentials`"):
        read_aws_profile({**environ, "AWS_PROFILE": "by-sso"})
    read_aws_profile({**environ, "AWS_PROFILE": "by-sso", "AWS_ACCESS_KEY_ID": "AKIA"})


@pytest.mark.parametrize(
    "content", [b"aws_secret_access_key = s3cr3t\n[default]\n", b"[default]\ns3cr3t\n", b"\xff\xfe"]
)
def test_a_file_that_is_no_ini_file_is_named_and_not_shown(environ: dict[str, str], content: bytes) -> None:
    (Path(environ["HOME"]) / ".aws" / "credentials").write_bytes(content)
    with pytest.raises(StoreUnusable, match=r"credentials can't be read") as raised:
        read_aws_profile(environ)
    assert "s3cr3t" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_no_key_is_in_a_repr(environ: dict[str, str]) -> None:
    shown = repr(read_aws_profile({**environ, "AWS_PROFILE": "work"}))
    assert not any(secret in shown for secret in ("AKIAWORK", "work%secret", "token"))
