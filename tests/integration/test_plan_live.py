"""Models, prices and balance of an account, asked over a socket."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from queue import SimpleQueue

import pytest

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.cli.main import main
from qwave_batch.simulator import Behaviour, Settings, Simulator, parse_faults, serve

SPEC = """\
version: 1
name: small
catalog: "2026-05"
request: {resolution: 1K, seed: 7}
prompts: [a heron]
matrix:
  model: [gpt-image-2, z-image-turbo]
"""
DEARER = {"gpt-image-2": {"image_prices": {"default": 0.01, "2k": 0.02}}}


@contextmanager
def api(settings: Settings, faults: str = "") -> Iterator[str]:
    """Serve an API in a thread of its own; yields its base URL."""
    told: SimpleQueue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def serve_until_told() -> None:
        ended = asyncio.Event()
        behaviour = Behaviour(faults=parse_faults(faults))
        with Simulator(catalog=open_catalog("2026-05"), settings=settings, behaviour=behaviour) as simulator:
            async with serve(simulator) as base_url:
                told.put((base_url, asyncio.get_running_loop(), ended))
                await ended.wait()

    server = threading.Thread(target=lambda: asyncio.run(serve_until_told()))
    server.start()
    base_url, loop, ended = told.get(timeout=30)
    try:
        yield base_url
    finally:
        loop.call_soon_threadsafe(ended.set)
        server.join()


def typed(*argv: str, **environ: str) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main(argv, stdout, stderr, environ={"COLUMNS": "600", **environ})
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC, encoding="utf-8")
    return "small.yaml"


def test_an_account_as_the_catalog_has_it_is_told_in_a_line() -> None:
    with api(Settings()) as base_url:
        status, out, _ = typed("models", "--live", "--catalog", "2026-05", "--base-url", base_url, QWAVE_API_KEY="k")
    assert status == 0
    assert out.endswith(": 17 of 17 models as in catalog 2026-05\n")


def test_what_differs_is_listed() -> None:
    offers = {**DEARER, "imagen-4.0": None, "imagen-9": {"image_prices": {"default": 1}}, "z-image-turbo": {"x": [1]}}
    with api(Settings(offers=offers)) as base_url:
        _, out, _ = typed("models", "--live", "--catalog", "2026-05", "--base-url", base_url, QWAVE_API_KEY="k")
        _, as_json, _ = typed(
            "models", "--live", "--catalog", "2026-05", "--base-url", base_url, "--json", QWAVE_API_KEY="k"
        )
        _, one, _ = typed(
            "models",
            "imagen-4.0",
            "--live",
            "--catalog",
            "2026-05",
            "--base-url",
            base_url,
            "--json",
            QWAVE_API_KEY="k",
        )
    assert "14 of 18 models as in catalog 2026-05" in out
    told = {offer["model"]: offer["standing"] for offer in json.loads(as_json)["differing"]}
    assert told == {
        "gpt-image-2": "other price",
        "imagen-4.0": "gone",
        "z-image-turbo": "price not understood",
        "imagen-9": "new",
    }
    assert [offer["model"] for offer in json.loads(one)["differing"]] == ["imagen-4.0"]


def test_a_model_that_neither_side_has_gets_the_nearest() -> None:
    with api(Settings()) as base_url:
        status, _, talk = typed(
            "models", "imagen-4", "--live", "--catalog", "2026-05", "--base-url", base_url, QWAVE_API_KEY="k"
        )
    assert status == 2
    assert 'did you mean "imagen-4.0"?' in talk


def test_a_plan_counts_with_live_prices_and_says_so(spec: str) -> None:
    with api(Settings(offers=DEARER)) as base_url:
        status, out, talk = typed("plan", spec, "--live", "--base-url", base_url, QWAVE_API_KEY="k")
        _, as_json, _ = typed("plan", spec, "--live", "--base-url", base_url, "--json", QWAVE_API_KEY="k")
    assert (status, talk) == (0, "")
    assert "at most 0.020625 USD by the prices of 127.0.0.1" in out
    assert "gpt-image-2 costs 0.01 1k, 0.02 2k, 0.01 4k USD, in the catalog 0.006375 USD" in out
    told = json.loads(as_json)
    assert (told["estimated_usd"], told["live"]["estimated_usd"]) == (0.017, 0.020625)
    assert told["live"]["by_model"] == {"gpt-image-2": 0.01, "z-image-turbo": 0.010625}


def test_a_plan_above_its_budget_at_live_prices_ends_with_3(spec: str) -> None:
    cap = ("--set", "budget.max_usd=0.018")
    with api(Settings(offers=DEARER)) as base_url:
        assert typed("plan", spec, *cap, "--base-url", base_url)[0] == 0
        assert typed("plan", spec, *cap, "--live", "--base-url", base_url, QWAVE_API_KEY="k")[0] == 3


@pytest.mark.parametrize("command", [("plan", "small.yaml"), ("models",)])
def test_live_needs_a_key_and_an_answer(spec: str, command: tuple[str, ...]) -> None:
    status, _, talk = typed(*command, "--live")
    assert status == 2
    assert "QWAVE_API_KEY" in talk
    with api(Settings(keys=frozenset({"another"}))) as base_url:
        status, _, talk = typed(*command, "--live", "--base-url", base_url, QWAVE_API_KEY="secret-key")
    assert status == 3
    assert "secret-key" not in talk


def test_the_balance_stands_beside_the_estimate_where_a_key_is_at_hand(spec: str) -> None:
    with api(Settings(granted_usd=12.5)) as base_url:
        assert "balance 12.50 USD" in typed("plan", spec, "--base-url", base_url, QWAVE_API_KEY="k")[1]
        assert "balance" not in typed("plan", spec, "--base-url", base_url)[1]
        for quiet in (("--json",), ("--format", "markdown")):
            assert "balance" not in typed("plan", spec, "--base-url", base_url, *quiet, QWAVE_API_KEY="k")[1]


@pytest.mark.parametrize(
    ("settings", "faults", "words"),
    [
        (Settings(keys=frozenset({"another"})), "", "does not say"),
        (Settings(), "info.http500", "does not answer"),
    ],
)
def test_a_balance_that_cannot_be_had_fails_no_plan(spec: str, settings: Settings, faults: str, words: str) -> None:
    with api(settings, faults) as base_url:
        status, out, _ = typed("plan", spec, "--base-url", base_url, QWAVE_API_KEY="k")
    assert status == 0
    assert "balance not known: " in out
    assert words in out


def test_nobody_waits_for_a_balance_that_does_not_come() -> None:
    with api(Settings(), "info.hang=100%") as base_url:
        connection = qb.Connection(key="k", base_url=base_url)
        said = asyncio.run(qb.accounts.glance_at_balance(connection, catalog="2026-05", timeout_s=0.2))
    assert said == "no answer in 0.2 seconds"


def test_a_key_that_is_no_key_fails_no_plan(spec: str) -> None:
    status, out, _ = typed("plan", spec, QWAVE_API_KEY="no key")
    assert status == 0
    assert "balance not known" in out
