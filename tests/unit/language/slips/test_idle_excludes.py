"""An exclude that names no value of its axis is a mistake; one without matches in a narrower run is not."""

from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

HEAD = "request: {model: z-image-turbo}\nprompts: ['A tent in {{ colour }}']\n"
AXES = "matrix:\n  colour: [red, blue]\n  seed: [1, 2]\n"
CODE = 'version: 1\nname: b\ncatalog: "2026-05"\n'

Check = Callable[..., list[Problem]]


def test_each_is_told_at_its_own_place_in_its_own_words(check: Check) -> None:
    excludes = "  exclude:\n    - {colour: bleu}\n    - {colour: red, seed: '1'}\n"
    excludes += "    - {colour: [red, blue], seed: 2}\n"
    found = check(HEAD + AXES + excludes)
    assert [(str(problem.place), problem.path) for problem in found] == [
        ("spec.yaml:10:16", "matrix.exclude[0].colour"),
        ("spec.yaml:11:27", "matrix.exclude[1].seed"),
        ("spec.yaml:12:16", "matrix.exclude[2].colour"),
    ]
    assert [(problem.severity, problem.message, problem.suggestion) for problem in found] == [
        ("error", "bleu is no value of the axis colour", 'did you mean "blue"?'),
        ("error", '"1" is a string, and the axis seed has the number 1', "write 1 without quotes"),
        ("error", "a list names no value of the axis colour", "write an entry for each: {colour: red}, {colour: blue}"),
    ]


@pytest.mark.parametrize(
    ("matrix", "message", "hint"),
    [
        ("{colour: [red, blue], exclude: [{colour: Red}]}",
         "Red is no value of the axis colour", 'did you mean "red"?'),
        ("{colour: [red, blue], exclude: [{colour: green}]}",
         "green is no value of the axis colour", "it has red, blue"),
        ("{colour: ['1', '2'], exclude: [{colour: 1}]}",
         'the axis colour has the string "1"', 'write "1"'),
        ("{colour: [red], seed: {start: 100, count: 4}, exclude: [{seed: 104}]}",
         "104 is no value of the axis seed", "it has 100, 101, 102, 103"),
        ("{colour: [red], seed: {random: {count: 2}}, exclude: [{seed: 104}]}",
         "104 is no value of the axis seed", "it has "),
        ("{colour: [{id: A, light: soft}, {id: B, light: hard}], exclude: [{colour: soft}]}",
         "soft is no value of the axis colour", "it is a field of the value A: write colour: A"),
        ("{colour: [{id: A, light: soft}, {id: B, light: hard}], exclude: [{colour: C}]}",
         "C is no value of the axis colour", "it has A, B"),
        ("{colour: [red], resolution: [{resolution: 1K, n: 1}, 2K], exclude: [{n: 3}]}",
         "no value of the axis resolution sets n to 3", "it has 1"),
        ("{colour: [red, blue], exclude: [{colour: '{{ 1 + 1 }}'}]}",
         "2 is no value of the axis colour", "it has red, blue"),
        ("{colour: [red], vars.draw: ['{{ 1 + 1 }}'], exclude: [{draw: 3}]}",
         "3 is no value of the axis vars.draw", "it has 2"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_there_is_an_error(check: Check, matrix: str, message: str, hint: str) -> None:
    texts = "request: {model: z-image-turbo}\nprompts: ['A {% if colour and draw is defined %}x{% endif %}']\n"
    [problem] = check(texts + f"matrix: {matrix}\n")
    assert problem.severity == "error"
    assert message in problem.message
    assert (problem.suggestion or "").startswith(hint)


@pytest.mark.parametrize(
    "matrix",
    [
        "{colour: [red, blue], exclude: [{colour: red}]}",
        "{colour: [1.0, 2], exclude: [{colour: 1}]}",
        "{colour: [red], resolution: [1K, 2K], exclude: [{resolution: 1k}]}",
        "{colour: [{id: A, l: x}, {id: B, l: y}], exclude: [{colour: A}]}",
        "{colour: [red], resolution: [{id: s, resolution: 1K, n: 1}, 2K], exclude: [{n: 1}]}",
        "{colour: [red], resolution: [{id: s, resolution: 1K, n: 1}, 2K], exclude: [{resolution: s}]}",
        "{colour: [[1, 2], [3, 4]], exclude: [{colour: [1, 2]}]}",
        "{colour: [red, blue], seed: [1, 2], exclude: [{colour: red, seed: 1}, {colour: red, seed: 2}]}",
    ],
)
def test_an_exclude_that_drops_something_is_none(check: Check, matrix: str) -> None:
    assert (
        check(f"request: {{model: z-image-turbo}}\nprompts: ['A {{% if colour %}}x{{% endif %}}']\nmatrix: {matrix}\n")
        == []
    )


EXCLUDE = "  exclude: [{colour: blue}, {colour: red, seed: 2}]\n"


@pytest.mark.parametrize("override", ["matrix.colour=[red]", "matrix.colour.1=pink"])
def test_an_axis_that_is_narrowed_for_one_run_leaves_a_warning(check: Check, override: str) -> None:
    [problem] = check(HEAD + AXES + EXCLUDE, override)
    assert problem.message == "this exclude matches no combination: colour has no blue here"
    assert (problem.severity, problem.path) == ("warning", "matrix.exclude[0]")


def test_so_does_one_that_a_child_replaces(check: Check) -> None:
    found = check("extends: b.yaml\nmatrix: {seed: [1]}\n", files={"b.yaml": CODE + HEAD + AXES + EXCLUDE})
    assert [(problem.severity, problem.path) for problem in found] == [("warning", "matrix.exclude[1]")]


def test_so_does_one_whose_template_is_narrowed(check: Check) -> None:
    body = HEAD + "vars: {all: [red, blue]}\nmatrix: {colour: '{{ all }}', exclude: [{colour: blue}]}\n"
    assert check(body) == []
    [problem] = check(body, "vars.all=[red]")
    assert problem.severity == "warning"


PARENT = """\
vars:
  best: qwen-image-2.0-pro
  models: [z-image-turbo, "{{ best }}"]
prompts: ["A tent in {{ look.words }}"]
matrix:
  model: "{{ models }}"
  look: [{id: soft, words: x}, {id: hard, words: y}]
  seed: {start: 1, count: 3}
  exclude: [{model: qwen-image-2.0-pro, look: hard}, {look: hard, seed: 3}]
"""


@pytest.mark.parametrize(
    "override",
    [
        "matrix.seed.count=1",
        "matrix.seed.step=5",
        "matrix.seed={start: 1, count: 1}",
        "matrix.look.1.id=tough",
        "vars.models.1=qwen-image-2.0",
        "vars.best=qwen-image-2.0",
    ],
)
def test_so_does_one_of_which_a_part_is_narrowed(check: Check, override: str) -> None:
    assert check(PARENT) == []
    assert {problem.severity for problem in check(PARENT, override)} == {"warning"}


def test_a_child_may_narrow_a_part_too(check: Check) -> None:
    found = check("extends: b.yaml\nmatrix: {seed: {count: 1}}\n", files={"b.yaml": CODE + PARENT})
    assert [(problem.severity, problem.path) for problem in found] == [("warning", "matrix.exclude[1]")]


def test_a_slip_of_an_exclude_is_one_whatever_else_is_overridden(check: Check) -> None:
    found = check(PARENT.replace("seed: 3}]", "seed: 4}]"), "vars.best=qwen-image-2.0-pro", "name=other")
    assert [(problem.severity, problem.path) for problem in found] == [("error", "matrix.exclude[1].seed")]


def test_an_exclude_that_another_leaves_nothing_to_is_a_warning_of_its_own(check: Check) -> None:
    found = check(HEAD + AXES + "  exclude: [{colour: red}, {colour: red, seed: 1}, {seed: 2, colour: red}]\n")
    assert [(problem.severity, problem.path) for problem in found] == [
        ("warning", "matrix.exclude[1]"),
        ("warning", "matrix.exclude[2]"),
    ]
    assert found[0].message == "this exclude matches nothing that is left: matrix.exclude[0] drops all of it"


def test_one_that_stands_twice_is_told_once(check: Check) -> None:
    [problem] = check(HEAD + AXES + "  exclude: [{colour: red}, {colour: red}]\n")
    assert problem.path == "matrix.exclude[1]"


def test_values_that_no_one_value_has_together_are_a_warning(check: Check) -> None:
    matrix = "matrix: {colour: [red], resolution: [{resolution: 1K, n: 1}, 2K], exclude: [{resolution: 2K, n: 1}]}\n"
    [problem] = check(HEAD + matrix)
    assert problem.severity == "warning"
    assert problem.message == 'this exclude matches no combination: no value has all of {resolution: "2K", n: 1}'
