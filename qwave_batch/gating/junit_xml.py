"""JUnit XML of a gate: a test for each rule and group, as servers of CI read it. Pure."""

import re
from xml.etree import ElementTree as ET

from qwave_batch.gating.rule_results import GateReport, RuleResult

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 may hold, not even as a reference."""


def junit_xml(report: GateReport) -> bytes:
    """Return the report as a whole document in UTF-8."""
    failures = sum(not each.is_passed for each in report.results)
    counts = {
        "tests": str(len(report.results)),
        "failures": str(failures),
        "errors": "0",
        "skipped": "0",
        "time": _seconds(sum(each.seconds for each in report.results)),
    }
    suites = ET.Element("testsuites", {"name": legal(report.gate), **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": legal(f"{report.gate}: {report.folder}"), **counts})
    for result in report.results:
        _add(suite, result, legal(report.gate))
    ET.indent(suites)
    found: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return found + b"\n"


def _add(suite: ET.Element, result: RuleResult, gate: str) -> None:
    told = {"classname": gate, "name": legal(result.title), "time": _seconds(result.seconds)}
    case = ET.SubElement(suite, "testcase", told)
    reason = legal(result.reason)
    if result.is_passed:
        ET.SubElement(case, "system-out").text = reason
    else:
        failure = ET.SubElement(case, "failure", {"type": result.outcome.value, "message": reason})
        failure.text = reason


def legal(text: str) -> str:
    """Return a text in which every character that XML can't hold stands as its escape."""
    return _ILLEGAL.sub(lambda found: _escaped(ord(found[0])), text)


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
