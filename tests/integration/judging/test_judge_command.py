"""``score --with judge``: money is asked for, capped and shown, and a folder is judged once."""

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from qwave_batch.simulator import Settings, Simulator
from qwave_batch.simulator.chat_orders import CHAT_MODEL
from tests.judged_items import a_service

SPEC = """
version: 1
name: judged
catalog: "2026-10"
prompts:
  - id: cubes
    text: Two red cubes
    meta:
      questions:
        - {question: Are there cubes?, answer: "yes"}
        - {question: How many?, answer: "2", choices: ["1", "2", "3"]}
  - {id: plain, text: A plain picture without questions}
matrix:
  model: [z-image-turbo, qwen-image-2.0]
"""


KEY = "key-of-the-account"
MODEL = ("--param", f"model={CHAT_MODEL}")


@dataclass(slots=True)
class Service:
    """A served API, and a run folder that was made with it."""

    simulator: Simulator
    base_url: str
    folder: Path

    def call(self, *argv: str, key: str = KEY) -> tuple[int, str, str]:
        """Return exit status, stdout and stderr of a command."""
        out, err = io.StringIO(), io.StringIO()
        environ = {"QWAVE_API_KEY": key, "QWAVE_BASE_URL": self.base_url}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            return main(argv, out, err, environ=environ), out.getvalue(), err.getvalue()

    def score(self, *more: str) -> tuple[int, str, str]:
        return self.call("score", str(self.folder), "--with", "judge", *MODEL, *more)

    @property
    def asked(self) -> int:
        return len(self.simulator.chats.charges)


@pytest.fixture(scope="module")
def api() -> Iterator[tuple[Simulator, str]]:
    """An API that is served in a thread of its own, while commands run in that of the tests."""
    ready, done = threading.Event(), threading.Event()
    found: list[tuple[Simulator, str]] = []

    async def scenario() -> None:
        async with a_service(settings=Settings(keys=frozenset({KEY}))) as opened:
            found.append(opened)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(scenario()))
    thread.start()
    assert ready.wait(10)
    try:
        yield found[0]
    finally:
        done.set()
        thread.join()


@pytest.fixture
def service(api: tuple[Simulator, str], tmp_path: Path) -> Service:
    spec = tmp_path / "judged.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    made = Service(*api, tmp_path / "run")
    status, _, said = made.call("run", str(spec), "-o", str(made.folder), "--yes")
    assert status == 0, said
    made.simulator.chats.charges.clear()
    return made


def test_images_with_questions_are_judged_once_and_paid_for(service: Service) -> None:
    status, out, said = service.score("--json")
    assert status == 0, said
    report: Any = json.loads(out)
    assert report["outputs"] == ["judge.accuracy", "judge.all_right"]
    (folder,) = report["folders"]
    assert folder["scored"] == 2
    paid = sum(charge.cost_quota for charge in service.simulator.chats.charges) / 500_000
    assert folder["cost_usd"] == pytest.approx(paid, abs=2e-5)
    assert service.asked == 4
    assert service.score()[0] == 0
    assert service.asked == 4


def test_above_the_cap_nothing_is_sent(service: Service) -> None:
    status, _, said = service.score("--max-usd", "0.00001")
    assert (status, service.asked) == (3, 0)
    assert "nothing was asked" in " ".join(said.split())


def test_what_was_spent_before_counts_against_the_cap(service: Service) -> None:
    assert service.score()[0] == 0
    status, _, said = service.score("--param", "seed=2", "--max-usd", "0.0002")
    assert (status, service.asked) == (3, 4)
    assert "USD spent); nothing was asked" in " ".join(said.split())
    assert service.score("--param", "seed=2", "--max-usd", "0.01")[0] == 0
    assert service.asked == 8


def test_a_key_that_is_refused_ends_with_exit_3(service: Service) -> None:
    status, _, said = service.call("score", str(service.folder), "--with", "judge", *MODEL, key="refused")
    assert (status, service.asked) == (3, 0)
    assert "refuses the key" in said


def test_a_model_that_is_not_there_ends_with_exit_3(service: Service) -> None:
    argv = ("score", str(service.folder), "--with", "judge", "--param", "model=missing")
    status, _, said = service.call(*argv)
    assert (status, service.asked) == (2, 0)  # nobody knows its price
    assert "no price is known" in said
    status, _, said = service.call(*argv, "--yes")
    assert (status, service.asked) == (3, 0)
    assert "does not complete chats with this model" in said


def test_pairs_are_asked_in_both_orders(service: Service) -> None:
    status, out, said = service.score("--param", "mode=pairs", "--json")
    assert status == 0, said
    assert json.loads(out)["outputs"] == ["judge_pairs.preference"]
    assert service.asked == 4  # two prompts, both orders


def test_wrong_parameters_are_refused_before_anything_is_sent(service: Service) -> None:
    for param, says in (("mode=stars", "questions, pairs"), ("colour=red", "unknown parameter"), ("model=", "empty")):
        status, _, said = service.call("score", str(service.folder), "--with", "judge", "--param", param)
        assert status == 2
        assert says in " ".join(said.split())
    assert not (service.folder / "scores.jsonl").exists()


def test_verify_and_prune_know_the_journal(service: Service) -> None:
    service.score()
    assert service.call("verify", str(service.folder))[0] == 0
    status, _, said = service.call("prune", str(service.folder), "--yes")
    assert status == 0, said
    assert (service.folder / ".qwave" / "judge.sqlite").is_file()
