"""A where that asks for scores, findings, picks or ratings is told apart, tried at once, and waits for facts."""

import pytest

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import ParentPick, PlannedStage
from qwave_batch.model.problem import SourcePlace
from qwave_batch.plan.expand.later_where import (
    LaterFacts,
    LaterWhere,
    MissingFact,
    WhereAnswer,
    deciding_facts,
    is_decided_later,
)
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.template.templates import TemplateFault, compile_value
from qwave_batch.spec.yaml.source_map import Mark, SourceMap
from tests.every_case import in_one_test

DRAFT: dict[str, Json] = {
    "stage": "draft",
    "job_id": "d" * 16,
    "prompt": "A stall",
    "prompt_id": "stall",
    "model": "z-image-turbo",
    "axes": {"seed": 1, "pick": "left"},
    "tags": ["night"],
    "meta": {"scores": {"a": 1}},
}
NIGHT: dict[str, Json] = {**DRAFT, "stage": "night", "job_id": "e" * 16, "parent": DRAFT}
NOTHING = LaterFacts(scores={})


@in_one_test(
    ("source", "is_later"),
    [
        ("{{ parent.axes.seed == 1 }}", False),
        ("{{ parent.scores.ocr.cer < 0.1 }}", True),
        ("{{ parent['scores']['ocr.cer'] < 0.1 }}", True),
        ("{{ 'blank' not in parent.findings }}", True),
        ("{{ parent.pick == 'keep' }}", True),
        ("{{ parent.rating >= 4 or parent.axes.seed == 1 }}", True),
        ("{{ parent.parent.scores.ocr.cer < 0.1 }}", True),
        ("{{ parent.axes.pick == 'left' }}", False),
        ("{{ parent.meta.scores.a == 1 }}", False),
        ("{{ parent.parent.axes.rating == 1 }}", False),
        ("{{ scores.ocr == rating }}", False),
    ],
)
def test_only_what_becomes_known_of_a_parent_is_decided_later(source: str, is_later: bool) -> None:  # noqa: FBT001
    assert is_decided_later(compile_value(source, ("where",))) is is_later


@in_one_test(
    ("source", "known", "answer"),
    [
        ("{{ parent.scores.ocr.cer < most }}", {"scores": {"ocr.cer": 0.05}}, True),
        ("{{ parent.scores.ocr.cer < most }}", {"scores": {"ocr.cer": 0.5}}, False),
        ("{{ parent.scores['ocr.cer'] < most }}", {"scores": {"ocr.cer": 0.05}}, True),
        ("{{ parent.scores.ocr.cer < most }}", {}, MissingFact("ocr.cer")),
        ("{{ parent.scores.ocr.cer | default(0) < most }}", {}, MissingFact("ocr.cer")),
        ("{{ parent.scores.ocr.cer is defined }}", {}, MissingFact("ocr.cer")),
        ("{{ parent.scores.ocr.cer < 1 }}", {"unscorable": frozenset({"ocr.cer"})}, MissingFact("ocr.cer", True)),
        ("{{ parent.model == 'z-image-turbo' or parent.scores.ocr.cer < 1 }}", {}, True),
        ("{{ parent.model == 'other' and parent.scores.ocr.cer < 1 }}", {}, False),
        ("{{ not parent.findings }}", {"findings": ()}, True),
        ("{{ 'blank' in parent.findings }}", {"findings": ("blank", "duplicate")}, True),
        ("{{ 'blank' in parent.findings }}", {}, MissingFact("findings")),
        ("{{ parent.pick == 'keep' }}", {"pick": "reject"}, False),
        ("{{ parent.pick == 'keep' }}", {}, MissingFact("pick")),
        ("{{ parent.rating >= 4 }}", {"rating": 4.5}, True),
        ("{{ parent.rating >= 4 }}", {}, MissingFact("rating")),
        ("{{ parent.tags == ['night'] and parent.pick == 'keep' }}", {"pick": "keep"}, True),
    ],
)
def test_a_fact_that_nobody_gave_is_waited_for(
    source: str,
    known: dict[str, object],
    answer: bool | MissingFact,  # noqa: FBT001
) -> None:
    facts = LaterFacts(**{"scores": {}, **known})  # type: ignore[arg-type]
    found = LaterWhere.of(source, {"most": 0.1}).answer(DRAFT, lambda _: facts)
    assert (found.is_met if isinstance(found, WhereAnswer) else found) == answer


def test_an_answer_tells_what_it_was_given_by() -> None:
    facts = LaterFacts(scores={"ocr.cer": 0.4, "ocr.word_accuracy": 1.0}, findings=("blank",), rating=2.0)
    where = LaterWhere.of("{{ parent.scores.ocr.cer < 0.1 or not parent.findings or parent.model == 'b' }}", {})
    assert where.answer(DRAFT, lambda _: facts) == WhereAnswer(False, {"ocr.cer": 0.4, "findings": ["blank"]})


def test_a_stage_tells_the_facts_that_decide_it() -> None:
    source = (
        "{{ not parent.findings and parent.parent.pick == 'keep' and parent.scores['ocr.cer'] < parent.axes.most }}"
    )
    stage = PlannedStage(name="b", from_stage="a", where=source, pick=ParentPick(n=1, by="rating"))
    assert deciding_facts(stage) == {"findings", "pick", "ocr.cer", "rating"}
    assert deciding_facts(PlannedStage(name="a")) == frozenset()


def test_what_is_known_of_an_ancestor_is_asked_by_its_own_id() -> None:
    known = {str(DRAFT["job_id"]): LaterFacts(scores={"ocr.cer": 0.0}), str(NIGHT["job_id"]): NOTHING}
    where = LaterWhere.of("{{ parent.parent.scores.ocr.cer == 0 }}", {})
    assert where.answer(NIGHT, lambda job_id: known[job_id]) == WhereAnswer(True, {"ocr.cer": 0.0})


@in_one_test(
    ("source", "message"),
    [
        ("{{ parent.scores.ocr.cer }}", "true or false, and gives 0.05"),
        ("{{ parent.modl == parent.pick }}", "modl"),
    ],
)
def test_an_answer_that_is_none_is_a_fault(source: str, message: str) -> None:
    facts = LaterFacts(scores={"ocr.cer": 0.05}, pick="keep")
    with pytest.raises(TemplateFault, match=message):
        LaterWhere.of(source, {}).answer(DRAFT, lambda _: facts)


@in_one_test(
    ("source", "message"),
    [
        ("{{ parent.scores.ocr > 1 }}", "parent.scores.ocr is not one score"),
        ("{{ parent.scores.a.b.c > 1 }}", "parent.scores.a.b.c is not one score"),
        ("{{ parent.scores }}", "parent.scores is not one score"),
        ("{{ parent.rating }}", "true or false"),
        ("{{ parent.scores.ocr.cer < 1 and parent.modl == 'a' }}", "modl"),
        ("{{ parent.scores.ocr.cer < 1 and parent.pick == 'keep' }}", None),
        ("{{ parent.findings | length == 0 and parent.rating > 2 }}", None),
    ],
)
def test_mistakes_that_would_show_later_are_found_at_once(source: str, message: str | None) -> None:
    problems = ProblemCollector(SourceMap(Mark(SourcePlace("spec.yaml", 7, 12))))
    LaterWhere.of(source, {}).check(DRAFT, problems)
    found = [problem.message for problem in problems.found()]
    assert len(found) == (message is not None)
    assert message is None or message in found[0]
