"""gate.yaml: read as strictly as a spec, every mistake with its line and column."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qwave_batch.errors import SpecError, UsageError
from qwave_batch.gating.comparison_warnings import ENOUGH_PROMPTS
from qwave_batch.gating.gate_rules import (
    Bounds,
    CostRule,
    Extreme,
    FindingsRule,
    Gate,
    GateRule,
    JobsRule,
    Mean,
    NoWorseRule,
    Percentile,
    Preferred,
    RuleHead,
    ScoreTerms,
    Share,
    Statistic,
    ThresholdRule,
)
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.model.record import JobStatus
from qwave_batch.model.store_url import is_store_url
from qwave_batch.output.folder_reader import EVERY_LINE, LineFilter
from qwave_batch.output.line_condition import lines_matching
from qwave_batch.quality.finding import FindingKind
from qwave_batch.scoring.scorer import Better
from qwave_batch.spec.checked_yaml import read_checked_yaml
from qwave_batch.spec.yaml.source_map import SourceMap

_SUBJECTS = ("score", "jobs", "findings", "cost")
_COMMON = frozenset({"name", "per", "where", "min", "max"})
_TERMS = frozenset({"undecided", "max_missing", "min_prompts"})
_KEYS: Mapping[str, frozenset[str]] = {
    "score": _COMMON | _TERMS | {"statistic", "at_least", "at_most", "decide_by", "preferred"},
    "no_worse_than": (_COMMON - {"min", "max"}) | _TERMS | {"score", "margin", "better"},
    "jobs": _COMMON,
    "findings": _COMMON,
    "cost": _COMMON,
}
"""The keys that have a meaning beside each."""


def read_gate(path: Path) -> Gate:
    """Return the rules in a file.

    Raises:
        SpecError: the file has mistakes; all of them are listed.
        UsageError: it can't be read.
    """
    said, source_map = read_checked_yaml(
        path, "gate.schema.json", of="gate", most="a gate is a page of rules", check=_further_problems
    )
    assert isinstance(said, Mapping)  # noqa: S101 - the schema says so

    def fault_at(number: int, key: str, message: str) -> SpecError:
        return SpecError([_problem(source_map, number - 1, key, message)])

    rules = said["rules"]
    assert isinstance(rules, list)  # noqa: S101 - likewise
    names = _names([dict(rule) for rule in rules if isinstance(rule, Mapping)])
    return Gate(
        name=str(said.get("name", path.stem)),
        rules=tuple(
            _rule({**{key: said[key] for key in _TERMS if key in said}, **dict(rule)}, number, names[number - 1], path)
            for number, rule in enumerate(rules, 1)
            if isinstance(rule, Mapping)
        ),
        fault_at=fault_at,
    )


# --- problems ------------------------------------------------------------------------------------


def _further_problems(value: Json, source_map: SourceMap, refused: frozenset[str]) -> Iterator[Problem]:
    rules = value.get("rules") if isinstance(value, Mapping) else None
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        path = f"rules[{number}]"
        if isinstance(rule, Mapping) and not any(each == path or each.startswith(f"{path}.") for each in refused):
            yield from _rule_problems(dict(rule), number, source_map)


def _rule_problems(rule: Mapping[str, Any], number: int, source_map: SourceMap) -> Iterator[Problem]:
    subjects = [key for key in _SUBJECTS if key in rule]
    if len(subjects) != 1:
        message = f"{' and '.join(subjects)} stand together" if subjects else "the rule says nothing about a number"
        hint = f"give each rule exactly one of {', '.join(_SUBJECTS)}"
        yield _problem(source_map, number, subjects[-1] if subjects else "", message, hint)
        return
    subject = "no_worse_than" if "no_worse_than" in rule and subjects == ["score"] else subjects[0]
    for key in rule:
        if key not in _KEYS[subject] | {subject}:
            keys = ", ".join(sorted(_KEYS[subject]))
            yield _problem(source_map, number, key, f'"{key}" has no meaning beside {subject}', f"there is {keys}")
    yield from _bounds_problems(rule, subject, number, source_map)
    if subject == "score":
        yield from _statistic_problems(rule, number, source_map)
    if subject == "no_worse_than" and "margin" not in rule:
        hint = "add margin: how much worse it may be, such as 0.02"
        yield _problem(source_map, number, "no_worse_than", 'the key "margin" is missing', hint)
    if "where" in rule:
        try:
            lines_matching(rule["where"], named="where")
        except UsageError as error:
            yield _problem(source_map, number, "where", str(error))


def _bounds_problems(rule: Mapping[str, Any], subject: str, number: int, source_map: SourceMap) -> Iterator[Problem]:
    if subject in {"score", "jobs", "cost"} and not {"min", "max"} & rule.keys():
        hint = "add min or max"
        if subject == "score":
            hint += ", or no_worse_than with a folder"
        yield _problem(source_map, number, subject, "the rule holds the number to nothing", hint)
    if {"min", "max"} <= rule.keys() and rule["min"] > rule["max"]:
        yield _problem(source_map, number, "min", f"min {rule['min']} is above max {rule['max']}")
    if {"at_least", "at_most"} <= rule.keys() and rule["at_least"] > rule["at_most"]:
        message = f"at_least {rule['at_least']} is above at_most {rule['at_most']}"
        yield _problem(source_map, number, "at_least", message)
    is_share = subject == "jobs" or rule.get("statistic") == "share"
    for key in ("min", "max"):
        if is_share and key in rule and not 0 <= rule[key] <= 1:
            yield _problem(source_map, number, key, f"{rule[key]} is not a share from 0 to 1", "0.95 is 95 %")


def _statistic_problems(rule: Mapping[str, Any], number: int, source_map: SourceMap) -> Iterator[Problem]:
    statistic = rule.get("statistic", "mean")
    limits = [key for key in ("at_least", "at_most") if key in rule]
    if statistic == "share" and not limits:
        hint = "add at_least or at_most: the score that an image has to reach to be counted"
        yield _problem(source_map, number, "statistic", "a share of nothing in particular", hint)
    if statistic != "share" and limits:
        yield _problem(source_map, number, limits[0], f"{limits[0]} belongs to statistic: share")
    if statistic in {"minimum", "maximum"} and rule.get("decide_by") == "interval":
        message = f"a {statistic} has no interval: of other prompts it may be anything"
        yield _problem(source_map, number, "decide_by", message, "leave decide_by out, or hold p1 or p99 instead")
    if "preferred" in rule:
        if statistic != "mean":
            yield _problem(source_map, number, "statistic", "of preferred there is the mean only", "leave it out")
        if rule["preferred"]["value"] == rule["preferred"]["to"]:
            yield _problem(source_map, number, "preferred", "a value can't be preferred to itself")


def _problem(source_map: SourceMap, rule: int, key: str, message: str, suggestion: str | None = None) -> Problem:
    path = ("rules", rule, key) if key else ("rules", rule)
    place = source_map.key_place(path) if key else source_map.place(path)
    return Problem(message=message, path=source_map.path_text(path), place=place, suggestion=suggestion)


# --- rules ---------------------------------------------------------------------------------------


def _rule(said: Mapping[str, Any], number: int, name: str, path: Path) -> GateRule:
    """Return the rule that a mapping states, with the gate's own terms in it."""
    where = LineFilter(where=lines_matching(said["where"], named="where")) if "where" in said else EVERY_LINE
    head = RuleHead(name=name, number=number, where=where, per=said.get("per"))
    bounds = Bounds(said.get("min"), said.get("max"))
    if "jobs" in said:
        return JobsRule(head=head, status=JobStatus(said["jobs"]), bounds=bounds)
    if "findings" in said:
        bounds = bounds if {"min", "max"} & said.keys() else Bounds(most=0)
        return FindingsRule(head=head, kinds=frozenset(map(FindingKind, said["findings"])), bounds=bounds)
    if "cost" in said:
        return CostRule(head=head, of=said["cost"], bounds=bounds)
    by_interval = "no_worse_than" in said or said.get("decide_by") == "interval"
    terms = ScoreTerms(
        min_prompts=said.get("min_prompts", ENOUGH_PROMPTS if by_interval else 1),
        max_missing=said.get("max_missing", 0),
        passes_undecided=said.get("undecided") == "pass",
    )
    if "no_worse_than" in said:
        folder = said["no_worse_than"]
        return NoWorseRule(
            head=head,
            score=said["score"],
            folder=folder,
            address=folder if is_store_url(folder) else str(path.parent / folder),
            margin=said["margin"],
            better=Better(said["better"]) if "better" in said else None,
            terms=terms,
        )
    return ThresholdRule(
        head=head,
        score=said["score"],
        statistic=_statistic(said),
        bounds=bounds,
        by_interval=by_interval,
        terms=terms,
        preferred=Preferred(**said["preferred"]) if "preferred" in said else None,
    )


def _statistic(said: Mapping[str, Any]) -> Statistic:
    match said.get("statistic", "mean"):
        case "mean":
            return Mean()
        case "share":
            return Share(Bounds(said.get("at_least"), said.get("at_most")))
        case "minimum" | "maximum" as kind:
            return Extreme(kind)
        case percentile:
            return Percentile(int(percentile.removeprefix("p")))


def _names(rules: list[dict[str, Any]]) -> list[str]:
    """Return a name for each rule that no other one has."""
    found: list[str] = []
    for rule in rules:
        own = name = rule.get("name", "").strip() or _own_name(rule)
        number = 1
        while name in found:
            number += 1
            name = f"{own} ({number})"
        found.append(name)
    return found


def _own_name(rule: Mapping[str, Any]) -> str:
    """Return a name made of what the rule is about."""
    if "jobs" in rule:
        name = f"jobs {rule['jobs']}"
    elif "findings" in rule:
        name = f"findings {', '.join(rule['findings'])}"
    elif "cost" in rule:
        name = f"cost {rule['cost'].replace('_', ' ')}"
    elif "no_worse_than" in rule:
        name = f"{rule['score']} no worse than {rule['no_worse_than']}"
    elif "preferred" in rule:
        name = f"{rule['score']} of {rule['preferred']['value']} to {rule['preferred']['to']}"
    else:
        name = f"{rule.get('statistic', 'mean')} of {rule['score']}"
    return f"{name} per {rule['per']}" if "per" in rule else name
