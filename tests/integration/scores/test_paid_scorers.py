"""Scorers that cost money, by a double that answers two items at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from qwave_batch.api import scorer_choice
from qwave_batch.errors import AccountError, BudgetError, UsageError
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.scores import (
    Item,
    Level,
    Need,
    Output,
    Score,
    ScoreBudget,
    Scored,
    ScoreReport,
    ScoreRequest,
    score_folders,
)
from qwave_batch.scoring.scorer import Emit
from tests.painted_folders import painted, painted_folder

EACH_NUSD = 1_000_000
ASKED: list[str] = []
BUDGETS: list[ScoreBudget] = []


@dataclass
class Paid:
    """Asks about two items at a time; ``trouble`` names what happens at the third answer."""

    trouble: str = ""
    name: str = "paid"
    version: str = "1"
    level: Level = Level.IMAGE
    needs: frozenset[Need] = frozenset({Need.PROMPT})
    batch: int = 1
    params: JsonObject = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=lambda: {"good": Output((0, 1))})
    is_open: bool = False
    spent_before: int = 0

    async def __aenter__(self) -> Self:
        self.is_open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_open = False

    def spent(self) -> int:
        return self.spent_before

    def notes(self) -> Sequence[str]:
        return (f"asked {len(ASKED)}",)

    def price(self, items: Sequence[Item]) -> CostRange | None:
        assert self.is_open
        assert not any(item.file.data for item in items)
        return None if self.trouble == "no price" else CostRange.exactly(EACH_NUSD * len(items))

    async def score_all(self, items: AsyncIterator[Item], emit: Emit, budget: ScoreBudget) -> None:
        BUDGETS.append(budget)
        async with asyncio.TaskGroup() as group:
            slots = asyncio.Semaphore(2)
            async for item in items:
                await slots.acquire()
                if len(ASKED) >= 2 and self.trouble == "account":
                    break
                if len(ASKED) >= 2 and self.trouble == "waits":
                    INTERRUPT[0]()
                    await asyncio.sleep(60)
                ASKED.append(item.prompt_id)
                group.create_task(self._answer(item, emit, slots))
        if self.trouble == "account":
            raise AccountError("the balance is used up")

    async def _answer(self, item: Item, emit: Emit, slots: asyncio.Semaphore) -> None:
        await asyncio.sleep(0)
        assert item.file.data
        await emit(Scored(item, Score({"good": 1}), EACH_NUSD))
        slots.release()


INTERRUPT: list[Callable[[], None]] = []


def make_paid(params: Mapping[str, str], **_: Any) -> Paid:
    return Paid(params.get("trouble", ""), spent_before=int(params.get("spent", "0")))


@pytest.fixture(autouse=True)
def _paid(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scorer ``paid`` is one of those that are built in."""
    for kept in (ASKED, BUDGETS, INTERRUPT):
        kept.clear()
    monkeypatch.setattr(scorer_choice, "BUILT_IN_PAID", {"paid": f"{__name__}:make_paid"})


def score(*folders: Path, trouble: str = "", **asked: Any) -> ScoreReport:
    params = asked.pop("params", {"trouble": trouble} if trouble else {})
    how = {name: asked.pop(name) for name in ("confirm", "interrupts") if name in asked}
    return score_folders(ScoreRequest(folders=folders, scorer="paid", params=params, **asked), **how)


def costs(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]
    return [line["cost_usd"] for line in lines if "scores" in line]


def test_each_answer_is_kept_with_its_cost(six_pictures: Path) -> None:
    report = score(six_pictures)

    assert (report.folders[0].counts.scored, report.folders[0].counts.cost_usd) == (6, 0.006)
    assert costs(six_pictures) == [0.001] * 6
    assert report.notes == ("asked 6",)
    assert score(six_pictures).folders[0].counts.kept == 6
    assert len(ASKED) == 6


def test_equal_questions_in_flight_are_paid_once(tmp_path: Path) -> None:
    folder = painted_folder(tmp_path / "run", {("p", model): [painted(1)] for model in "abcde"})

    assert score(folder).folders[0].counts.reused == 4
    assert sorted(costs(folder)) == [0, 0, 0, 0, 0.001]


def test_what_was_answered_before_a_stop_is_kept(six_pictures: Path) -> None:
    report = score(six_pictures, trouble="account")

    assert isinstance(report.stopped, AccountError)
    assert len(costs(six_pictures)) == 2
    assert score(six_pictures).folders[0].counts.kept == 2


def test_an_interrupt_keeps_what_was_answered(six_pictures: Path) -> None:
    @contextmanager
    def interrupts(act: Callable[[], None]) -> Iterator[None]:
        INTERRUPT.append(act)
        yield

    with pytest.raises(KeyboardInterrupt):
        score(six_pictures, trouble="waits", interrupts=interrupts)
    kept = len(costs(six_pictures))
    assert kept in {1, 2}, "the second may not have been answered yet"
    assert score(six_pictures).folders[0].counts.kept == kept


def test_more_than_the_limit_is_not_begun(six_pictures: Path) -> None:
    with pytest.raises(BudgetError, match=r"6 items would cost about 0\.006 USD, and the limit leaves 0\.005 USD"):
        score(six_pictures, max_nusd=5 * EACH_NUSD)
    assert ASKED == []
    assert not (six_pictures / "scores.jsonl").exists()


def test_the_limit_covers_all_folders(six_pictures: Path, tmp_path: Path) -> None:
    other = painted_folder(tmp_path / "other", {("new", model): [painted(ord(model))] for model in "ab"})
    with pytest.raises(BudgetError, match=r"the limit leaves 0\.001 USD"):
        score(six_pictures, other, max_nusd=7 * EACH_NUSD)
    assert [(budget.max_nusd, budget.spent_nusd) for budget in BUDGETS] == [(7 * EACH_NUSD, 0)]


def test_the_limit_covers_what_was_spent_before(six_pictures: Path) -> None:
    with pytest.raises(BudgetError, match=r"the limit leaves 0\.004 USD \(0\.002 USD spent\)"):
        score(six_pictures, params={"spent": str(2 * EACH_NUSD)}, max_nusd=6 * EACH_NUSD)


def test_a_limit_without_a_price_is_refused(six_pictures: Path) -> None:
    with pytest.raises(UsageError, match="no price is known"):
        score(six_pictures, trouble="no price", max_nusd=1)


def test_nothing_is_asked_that_nobody_agrees_to(six_pictures: Path) -> None:
    prices: list[CostRange | None] = []

    def refuse(price: CostRange | None) -> bool:
        prices.append(price)
        return False

    with pytest.raises(BudgetError, match="not confirmed"):
        score(six_pictures, confirm=refuse)
    assert prices == [CostRange.exactly(6 * EACH_NUSD)]
    assert ASKED == []
