"""A judge that is killed at any point goes on where it was, and asks for no answer again that it had."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from qwave_batch.folder.layout import RunLayout
from qwave_batch.judging.judge_journal import JudgeJournal, JudgeMoney
from qwave_batch.simulator import Settings
from tests.integration.judging.doomed_judge import (
    AT_ONCE,
    IMAGES,
    POINTS,
    QUESTIONS,
    items,
    judge,
    judged_in,
    run_doomed,
)
from tests.judged_items import a_service, judge_folder


def money_in(layout: RunLayout) -> JudgeMoney:
    with JudgeJournal(layout) as journal:
        return journal.money()


@pytest.mark.parametrize(("count", "keeps_keys"), [(1, False), (4, True), (5, False)])
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_judge_asks_for_no_answer_twice(tmp_path: Path, point: str, count: int, *, keeps_keys: bool) -> None:
    kept = tmp_path / "kept.jsonl"
    kept.touch()

    async def scenario() -> None:
        settings = Settings(idempotency_hours=24 if keeps_keys else None)
        async with a_service(settings=settings) as (simulator, base_url):
            layout = judge_folder(tmp_path / "run")
            assert await run_doomed(layout.root, base_url, kept, point, count) == -signal.SIGKILL
            money = await asyncio.to_thread(money_in, layout)
            paid = sum(charge.cost_quota for charge in simulator.chats.charges) * 2000
            assert money.spent_nusd + money.unsure_nusd >= paid
            left = [item for item in items() if item.job_id not in judged_in(kept)]
            await judge(layout.root, base_url, kept, left)
            charges = simulator.chats.charges.copy()
            assert len({charge.body_hash for charge in charges}) == IMAGES * QUESTIONS
            twice = len(charges) - IMAGES * QUESTIONS
            assert twice <= (0 if keeps_keys else 1 if count == 1 else AT_ONCE)  # one at a time until the first answer
            await judge(layout.root, base_url, kept, items())
            assert len(simulator.chats.charges) == len(charges)

    asyncio.run(scenario())
    lines = [json.loads(line) for line in kept.read_bytes().splitlines()]
    assert {line["job_id"] for line in lines if line["outcome"] == "Score"} == {item.job_id for item in items()}
