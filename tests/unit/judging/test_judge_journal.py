"""The journal keeps what was asked and answered, and believes no file of others."""

import sqlite3
from pathlib import Path

import pytest

from qwave_batch.client.chat_answers import ChatEnd, ChatReply, TokenUsage
from qwave_batch.errors import QwaveError, StorageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.judging.judge_journal import JudgeJournal, JudgeMoney
from tests.judged_items import judge_folder

REPLY = ChatReply(
    end=ChatEnd.COMPLETE, text="ja \u2713", model="m", usage=TokenUsage(input_tokens=9, output_tokens=2), served_at=3.0
)
KEPT = ChatReply(end=REPLY.end, text=REPLY.text, model=REPLY.model, usage=REPLY.usage)


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    return judge_folder(tmp_path / "run")


def test_an_answer_is_there_in_the_next_process(layout: RunLayout) -> None:
    with JudgeJournal(layout) as journal:
        journal.intend("a", 1, 50)
        journal.answer("a", 1, REPLY, 30)
        key = journal.key_of("a", 1)
    with JudgeJournal(layout) as journal:
        newest = journal.newest("a")
        assert newest is not None
        assert (newest.attempt, newest.reply, newest.cost_nusd) == (1, KEPT, 30)
        assert journal.newest("b") is None
        assert journal.key_of("a", 1) == key
        assert journal.money() == JudgeMoney(spent_nusd=30, unsure_nusd=0)


def test_keys_differ_by_question_attempt_and_folder(layout: RunLayout, tmp_path: Path) -> None:
    with JudgeJournal(layout) as one, JudgeJournal(judge_folder(tmp_path / "other")) as other:
        keys = {journal.key_of(call, attempt) for journal in (one, other) for call in "ab" for attempt in (1, 2)}
    assert len(keys) == 8


def test_a_sending_without_an_answer_may_have_been_paid(layout: RunLayout) -> None:
    with JudgeJournal(layout) as journal:
        journal.intend("a", 1, 50)
        assert journal.money().unsure_nusd == 50
        journal.intend("a", 1, 60)
        assert journal.money().unsure_nusd == 120
        journal.take_back("a", 1)
        assert journal.money().unsure_nusd == 60
        journal.answer("a", 1, REPLY, 30)
        assert journal.money() == JudgeMoney(spent_nusd=30, unsure_nusd=0)


def test_after_a_refusal_the_next_attempt_has_another_key(layout: RunLayout) -> None:
    with JudgeJournal(layout) as journal:
        journal.intend("a", 1, 50)
        journal.take_back("a", 1, is_final=True)
        newest = journal.newest("a")
        assert newest is not None
        assert (newest.attempt, newest.reply) == (2, None)
        journal.intend("a", 2, 50)
        journal.answer("a", 2, REPLY, 30)
        assert journal.money() == JudgeMoney(spent_nusd=30, unsure_nusd=0)


def test_costs_of_all_attempts_add_up(layout: RunLayout) -> None:
    with JudgeJournal(layout) as journal:
        for attempt in (1, 2):
            journal.intend("a", attempt, 50)
            journal.answer("a", attempt, REPLY, 30)
        newest = journal.newest("a")
        assert newest is not None
        assert newest.cost_nusd == 60


def spoil(layout: RunLayout, *statements: str) -> None:
    with JudgeJournal(layout) as journal:
        journal.intend("a", 1, 50)
        journal.answer("a", 1, REPLY, 30)
    connection = sqlite3.connect(layout.root / ".qwave" / "judge.sqlite")
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON asked BEGIN DELETE FROM asked; END",
        "CREATE TABLE more (a)",
        "DROP TABLE journal",
        "PRAGMA user_version = 9",
        "DELETE FROM journal",
        "INSERT INTO journal VALUES ('second')",
        "UPDATE asked SET cost_nusd = -5",
        "UPDATE asked SET cost_nusd = 1e300",
        "UPDATE asked SET sends = 'many'",
        "UPDATE asked SET attempt = 0",
        "UPDATE asked SET reply = NULL",
        "UPDATE asked SET reply = x'00'",
    ],
)
def test_a_journal_that_is_not_as_we_write_it_is_refused(layout: RunLayout, statement: str) -> None:
    spoil(layout, statement)
    with pytest.raises(StorageError, match="which knows what was answered"), JudgeJournal(layout):
        pass


@pytest.mark.parametrize("reply", ["{}", "[", '{"end": "happy", "text": "", "model": "", "usage": null}'])
def test_an_answer_that_is_not_ours_is_refused(layout: RunLayout, reply: str) -> None:
    spoil(layout, f"UPDATE asked SET reply = '{reply}'")
    with JudgeJournal(layout) as journal, pytest.raises(StorageError, match="an answer not of ours"):
        journal.newest("a")


@pytest.mark.parametrize("content", [b"not a database, but long enough to be read as one" * 40, b"SQLite format 3\0"])
def test_a_file_that_is_no_database_is_refused(layout: RunLayout, content: bytes) -> None:
    (layout.root / ".qwave" / "judge.sqlite").write_bytes(content)
    with pytest.raises(QwaveError), JudgeJournal(layout):
        pass
    assert (layout.root / ".qwave" / "judge.sqlite").read_bytes() == content
