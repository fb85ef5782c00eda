"""The environment of Ray's processes: no key of an API, for a judge or for the Hub is ever in it."""

import re

import pytest

from qwave_batch.executors.ray_environment import ray_environment

KEYS = (
    *("QWAVE_API_KEY", "WAVE_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "JUDGE_KEY", "HF_TOKEN"),
    *("HUGGING_FACE_HUB_TOKEN", "HUGGINGFACEHUB_API_TOKEN", "HF_API_KEY", "HF_STORED_PASSWORD", "SLURM_JWT_TOKEN"),
    *("KUBERNETES_SECRET", "GITHUB_TOKEN", "DATABASE_URL", "QWAVE_WEBHOOK_URL", "MY_OWN_THING"),
    *("AWS_BEARER_TOKEN_BEDROCK", "GOOGLE_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_API_KEY"),
)
STORE = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"),
    *("GOOGLE_APPLICATION_CREDENTIALS", "AZURE_STORAGE_CONNECTION_STRING"),
)
NEEDED = (
    "PATH",
    "HOME",
    "LD_LIBRARY_PATH",
    "OMP_NUM_THREADS",
    "HF_HOME",
    "https_proxy",
    "HTTPS_PROXY",
    "SSL_CERT_FILE",
)
OF_A_CLUSTER = {
    "RAY_ADDRESS": "head:6379",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": "t",
    "RAY_TLS_CA_CERT": "ca.pem",
}


def passed(*, is_own: bool, uses_store: bool, more: dict[str, str] | None = None) -> dict[str, str]:
    environ = dict.fromkeys((*KEYS, *STORE, *NEEDED), "v") | (more or {})
    return ray_environment(environ, is_own=is_own, uses_store=uses_store)


@pytest.mark.parametrize("is_own", [False, True])
@pytest.mark.parametrize("uses_store", [False, True])
def test_no_key_passes_and_what_programs_need_does(*, is_own: bool, uses_store: bool) -> None:
    environ = passed(is_own=is_own, uses_store=uses_store)
    assert not environ.keys() & set(KEYS)
    assert environ.keys() >= set(NEEDED)
    assert environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_what_a_store_needs_passes_only_where_workers_use_one() -> None:
    assert not passed(is_own=True, uses_store=False).keys() & set(STORE)
    assert passed(is_own=True, uses_store=True).keys() >= set(STORE)


def test_what_the_ray_of_others_needs_passes() -> None:
    assert passed(is_own=False, uses_store=False, more=OF_A_CLUSTER).items() >= OF_A_CLUSTER.items()


def test_a_ray_of_its_own_has_a_new_secret_and_no_address() -> None:
    tokens = set()
    for _ in range(2):
        environ = passed(is_own=True, uses_store=False, more=OF_A_CLUSTER)
        assert "RAY_ADDRESS" not in environ
        assert environ["RAY_AUTH_MODE"] == "token"
        tokens.add(environ["RAY_AUTH_TOKEN"])
    assert len(tokens) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", token) for token in tokens)
