"""Splits: rules as they are written, and prompts that never lie in two."""

import sqlite3
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import UsageError
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.row_spool import RowSpool, row_spool
from qwave_batch.export.splits import (
    ONE_SPLIT,
    AxisSplit,
    FractionSplit,
    TagSplit,
    deal,
    read_split,
    split_named_after,
    split_of_line,
)
from qwave_batch.model.job import Duplicate
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import JobStatus
from qwave_batch.output.manifest_line import ManifestLine
from tests.manifest_lines import PLAIN_LINE


def line(prompt_id: str, prompt: str, number: int) -> ManifestLine:
    return replace(
        PLAIN_LINE,
        job_id=f"{number:016x}",
        index=number,
        status=JobStatus.FAILED,
        prompt_id=prompt_id,
        prompt=prompt,
        path="p",
    )


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (None, ONE_SPLIT),
        ("train=0.7,test=0.3", FractionSplit((("train", Fraction("0.7")), ("test", Fraction("0.3"))))),
        ("a=1/3, b=2/3", FractionSplit((("a", Fraction(1, 3)), ("b", Fraction(2, 3))))),
        ("tag:train,test", TagSplit(("train", "test"))),
        ("axis:model", AxisSplit("model")),
    ],
)
def test_a_rule_is_read_as_it_is_written(text: str | None, rule: object) -> None:
    assert read_split(text) == rule


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("train=0.7,test=0.2", "add up to 0.9, not to 1"),
        ("train", "not a name with a share"),
        ("train=-1,test=2", "not a name with a share"),
        ("train=1/0", "not a name with a share"),
        ("train=0.5,Train=0.5", "twice"),
        ("tag:", "can't name a split"),
        ("tag:a,b-c", "can't name a split"),
        ("axis:", "names no axis"),
        ("", "not a name with a share"),
    ],
)
def test_a_wrong_rule_is_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_split(text)


@pytest.mark.parametrize("text", [None, "tag:train,test", "axis:model"])
def test_a_seed_that_nothing_reads_is_refused(text: str | None) -> None:
    with pytest.raises(UsageError, match="seed"):
        read_split(text, seed=1)


@pytest.mark.parametrize(
    ("value", "name"),
    [("16:9", "16_9"), (7, "7"), (1.5, "1.5"), (None, "none"), (True, "true"), ("qwen-image-2.0", "qwen_image_2.0")],
)
def test_axis_values_become_names_that_loaders_take(value: str | float | None, name: str) -> None:
    assert split_named_after(value) == name


def test_an_axis_value_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(UsageError, match="no letters or digits"):
        split_named_after("日本")


@given(
    prompts=st.lists(st.text(), unique=True, max_size=50),
    parts=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    seed=st.integers(0, 3),
)
def test_shares_are_met_to_one_prompt(prompts: list[str], parts: list[int], seed: int) -> None:
    rule = FractionSplit(tuple((f"s{at}", Fraction(part, sum(parts))) for at, part in enumerate(parts)), seed)
    dealt = deal(prompts, rule)
    assert dealt.keys() == set(prompts)
    assert dealt == deal(prompts[::-1], rule)
    for name, share in rule.shares:
        assert abs(sum(1 for each in dealt.values() if each == name) - share * len(prompts)) <= 1


def test_another_seed_deals_otherwise() -> None:
    prompts = [str(number) for number in range(40)]
    rules = [FractionSplit((("a", Fraction(1, 2)), ("b", Fraction(1, 2))), seed) for seed in (0, 1)]
    assert deal(prompts, rules[0]) != deal(prompts, rules[1])


@given(pairs=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("stuvwxyz")), max_size=24))
def test_prompts_that_share_an_id_or_a_text_over_any_steps_lie_together(pairs: list[tuple[str, str]]) -> None:
    spool = RowSpool(sqlite3.connect(":memory:", isolation_level=None), ["run"], is_merged=False)
    for number, (prompt_id, text) in enumerate(pairs):
        row = ExportRow(
            folder=0, run="run", line=line(prompt_id, text, number), image=None, image_index=None, split="train"
        )
        assert spool.add(row)
    spool.group_prompts()
    spool.assign({name: f"of_{name}" for name in spool.prompts()})
    assert spool.conflict() is None
    split_of: dict[str, str] = {}
    for row in spool.rows():
        for name in (f"id {row.line.prompt_id}", f"text {row.line.prompt}"):
            assert split_of.setdefault(name, row.split) == row.split
    assert len(set(split_of.values())) == components(pairs)


def components(pairs: list[tuple[str, str]]) -> int:
    """The number of groups, found the slow way."""
    groups: list[set[str]] = []
    for prompt_id, text in pairs:
        names = {f"id {prompt_id}", f"text {text}"}
        touched = [group for group in groups if group & names]
        groups = [group for group in groups if not group & names] + [names.union(*touched)]
    return len(groups)


def folded(line: ManifestLine, *others: tuple[str, tuple[str, ...], str]) -> ManifestLine:
    """A line with entries that came out as the same job: each with its prompt id, its tags and its light."""
    also = (
        Duplicate(job_id=line.job_id, index=at, prompt_id=prompt_id, tags=tags, axes={"light": light})
        for at, (prompt_id, tags, light) in enumerate(others, start=1)
    )
    return replace(line, also=tuple(also))


def test_a_job_lies_where_any_entry_that_asked_for_it_lies() -> None:
    made = folded(line("a", "a cup", 0), ("b", ("test",), "day"), ("b", ("test",), "day"))
    assert split_of_line(TagSplit(("train", "test")), made) == "test"
    assert split_of_line(AxisSplit("light"), made) == "day"
    assert split_of_line(TagSplit(("x", "y")), made) is None


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (TagSplit(("train", "test")), "the prompts a and b, has the tags train and test, and can lie in one split"),
        (AxisSplit("light"), "the prompts a and b, has the values night and day of the axis light"),
    ],
)
def test_a_job_that_was_asked_for_in_two_splits_is_refused(rule: TagSplit | AxisSplit, says: str) -> None:
    made = replace(line("a", "a cup", 0), tags=("train",), axes={"light": "night"})
    with pytest.raises(UsageError, match=says):
        split_of_line(rule, folded(made, ("b", ("test",), "day")))


def test_prompts_that_came_out_as_one_job_lie_together() -> None:
    spool = RowSpool(sqlite3.connect(":memory:", isolation_level=None), ["run"], is_merged=False)
    for made in (folded(line("a", "a cup", 0), ("b", (), "day")), line("b", "a jug", 1), line("c", "a pot", 2)):
        spool.add(ExportRow(folder=0, run="run", line=made, image=None, image_index=None, split="train"))
    spool.group_prompts()
    assert spool.prompts() == ["a", "c"]


def test_an_edit_lies_where_the_image_lies_that_it_was_made_of() -> None:
    """Over any steps, and whatever the names of their prompts are; a parent of another folder does not count."""
    spool = RowSpool(sqlite3.connect(":memory:", isolation_level=None), ["run", "other"], is_merged=False)
    made = [line(name, f"{name} text", number) for number, name in enumerate("abcde")]
    parents = {2: 4, 1: 2, 3: 0}
    for number, each in enumerate(made):
        links = (ParentLink(made[parents[number]].job_id, 1),) if number in parents else ()
        row = replace(each, parents=links)
        folder = 1 if number == 3 else 0
        spool.add(ExportRow(folder=folder, run="run", line=row, image=None, image_index=None, split="train"))
    spool.group_prompts()
    assert spool.prompts() == ["a", "b", "d"]


def test_nothing_is_left_of_the_rows_of_an_export_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with row_spool(["run"]) as spool:
        for number in range(3_000):
            made = line(f"{number}", "a cup, " * 100, number)
            spool.add(ExportRow(folder=0, run="run", line=made, image=None, image_index=None, split="train"))
        assert list(tmp_path.iterdir()) == []
        assert sum(1 for _ in spool.rows()) == 3_000


def test_a_prompt_in_two_splits_is_found() -> None:
    spool = RowSpool(sqlite3.connect(":memory:", isolation_level=None), ["run"], is_merged=False)
    for number, (prompt_id, split) in enumerate([("a", "x"), ("b", "x"), ("b", "y")]):
        made = line(prompt_id, prompt_id, number)
        spool.add(ExportRow(folder=0, run="run", line=made, image=None, image_index=None, split=split))
    spool.group_prompts()
    conflict = spool.conflict()
    assert conflict is not None
    assert (conflict.prompt_id, conflict.splits) == ("b", ("x", "y"))
