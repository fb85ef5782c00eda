"""JUnit XML of a gate: whatever stands in names and reasons, a parser reads it."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.gating.junit_xml import junit_xml, legal
from qwave_batch.gating.rule_results import GateReport, RuleOutcome, RuleResult

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)


def report(rule: str, reason: str, group: str | None = None) -> GateReport:
    found = RuleResult(rule=rule, number=1, group=group, outcome=RuleOutcome.FAILED, is_passed=False, reason=reason)
    return GateReport(gate="gate", folder="run", results=[found])


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_any_text_is_well_formed_and_read_back(rule: str, reason: str, group: str) -> None:
    root = ET.fromstring(junit_xml(report(rule, reason, group)))
    (case,) = root.iter("testcase")
    (failure,) = root.iter("failure")
    assert case.attrib["name"] == legal(f"{rule}: {group}")
    assert failure.attrib["message"] == legal(reason)


def test_what_xml_can_not_hold_stands_as_an_escape() -> None:
    assert legal("a\x1b[31m\x00\ud800\ufffe\tb\n🎏") == "a\\x1b[31m\\x00\\ud800\\ufffe\tb\n🎏"
