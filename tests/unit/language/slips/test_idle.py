"""Overrides and keys without effect are reported."""

import shlex
from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

BARNS = """\
request: {model: z-image-turbo, resolution: 1K}
vars: {style: woodcut}
prompts:
  - {id: a, text: "A barn, {{ style }}, {{ weather | default('calm') }}"}
matrix: {seed: [1, 2], aspect_ratio: ["1:1", "16:9"]}
"""
MODEL = "request: {model: z-image-turbo, seed: 7}\n"

Check = Callable[..., list[Problem]]


def told(problems: list[Problem]) -> list[tuple[str, str, str | None]]:
    return [(problem.severity, problem.path, problem.suggestion) for problem in problems]


def test_an_override_of_a_variable_that_is_not_there_is_an_error(check: Check) -> None:
    [problem] = check(BARNS, "vars.stile=etching")
    assert problem.message == "the spec has no vars.stile, and no template uses it"
    assert told([problem]) == [("error", "vars.stile", 'did you mean "style"?')]
    assert str(problem.place) == "--set:1:1"


def test_so_is_one_of_a_prompts_own(check: Check) -> None:
    body = MODEL + "prompts: [{text: 'A {{ style }}', vars: {style: oil}}]\n"
    [problem] = check(body, "prompts.0.vars.stile=x")
    assert told([problem]) == [("error", "prompts[0].vars.stile", 'did you mean "style"?')]
    assert check(body, "prompts.0.vars.style=x") == []


@pytest.mark.parametrize("override", ["vars.weather=stormy", "vars.style=oil", "vars={style: oil}", "vars.style=null"])
def test_an_override_of_what_a_template_asks_for_is_right(check: Check, override: str) -> None:
    assert check(BARNS.replace("{{ style }}", "{{ style or 'ink' }}"), override) == []


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("request.seed=5", "write --set 'matrix.seed=[5]'"),
        ("request.aspect_ratio=1:1", "write --set 'matrix.aspect_ratio=[\"1:1\"]'"),
        ("request={model: z-image-turbo, seed: 5}", "write --set 'matrix.seed=[5]'"),
    ],
)
def test_a_field_that_an_axis_sets_in_every_job_is_set_in_vain(check: Check, override: str, hint: str) -> None:
    [problem] = check(BARNS, override)
    assert problem.message.endswith("in every job, so this has no effect")
    assert told([problem]) == [("warning", f"request.{'seed' if 'seed' in override else 'aspect_ratio'}", hint)]


def test_a_child_is_held_to_it(check: Check) -> None:
    child = "extends: base.yaml\nrequest: {aspect_ratio: '1:1'}\nvars: {sytle: etching}\n"
    base = 'version: 1\nname: b\ncatalog: "2026-05"\n' + BARNS
    assert told(check(child, files={"base.yaml": base})) == [
        ("warning", "request.aspect_ratio", 'write aspect_ratio: ["1:1"] under matrix, or take this out'),
        ("warning", "vars.sytle", 'did you mean "style"?'),
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("request: {model: z-image-turbo, seed: 7}\nprompts: [A]\nmatrix: {seed: [1, 2]}\n", "request.seed"),
        ("request: {model: z-image-turbo, seed: 7}\nprompts: [A]\nmatrix: {seed: {start: 1, count: 2}}\n",
         "request.seed"),
        ("request: {model: z-image-turbo, seed: 7}\nprompts: [A]\nmatrix: {request.seed: [1, 2]}\n", "request.seed"),
        ("request: {resolution: 1K}\nprompts: [A]\nmatrix: {model: [{model: z-image-turbo, resolution: 2K}]}\n",
         "request.resolution"),
        (("request: {model: z-image-turbo, seed: 7}\nprompts: ['{{ v.l }}']\n"
         "matrix: {v: [{id: a, l: x, request: {seed: 1}}, {id: b, l: y, request: {seed: '{{ 1 + 1 }}'}}]}\n"),
         "request.seed"),
        (MODEL + "vars: {sytle: etching}\nprompts: [\"A {{ style | default('oil') }}\"]\n", "vars.sytle"),
        (MODEL + "vars: {a: 1, b: 2}\nprompts: ['A {{ a }}']\n", "vars.b"),
        (MODEL + "prompts: [{text: A, vars: {mood: calm}}, 'B {% if mood is defined %}{{ mood }}{% endif %}']\n",
         "prompts[0].vars.mood"),
    ],
)  # fmt: skip
def test_what_one_file_says_to_no_effect_is_a_warning(check: Check, body: str, path: str) -> None:
    [problem] = check(body)
    assert (problem.severity, problem.path) == ("warning", path)


@pytest.mark.parametrize(
    "body",
    [
        ("request: {model: z-image-turbo, resolution: 1K}\nprompts: ['{{ v.l }}']\n"
        "matrix: {v: [{id: a, l: x, request: {resolution: 2K}}, {id: b, l: y}]}\n"),
        "request: {model: z-image-turbo, resolution: 1K, seed: 3}\nprompts: [A]\nmatrix:\n"
        "  resolution: [1K, 2K]\n  include: [{seed: 4}]\n".replace("resolution: 1K, ", ""),
        ("request: {model: z-image-turbo, seed: 3}\nprompts: [A]\nmatrix:\n"
        "  seed: [1, 2]\n  resolution: [1K]\n  include: [{resolution: 2K}]\n"),
        MODEL + "vars: {a: 1, b: '{{ a }}'}\nprompts: ['A {{ b }}']\n",
        MODEL + "vars: {ss: [1, 2]}\nprompts: ['A {{ s }}']\nmatrix: {s: '{{ ss }}'}\n",
        MODEL + "vars: {red: 1}\nprompts: ['A {{ s }}']\nmatrix: {s: [1, 2], exclude: [{s: '{{ red }}'}]}\n",
        MODEL + "vars: {who: me}\nprompts: [{text: A, meta: {by: '{{ who }}'}}]\n",
        MODEL + "vars: {who: me}\nprompts: [{text: A, tags: ['{{ who }}'], id: a}]\n",
        MODEL + "vars: {who: me}\nprompts: [A]\noutput: {path: '{{ who }}/{{ job_id }}'}\n",
        MODEL + "vars: {mood: &m calm}\nprompts: [*m]\n",
        MODEL + "vars: {moods: {a: &m calm}}\nprompts: [*m]\n",
        MODEL + "vars: {style: oil}\nprompts: [{text: 'A {{ style }}', vars: {style: ink}}]\n",
        "request: {model: z-image-turbo, seed: 7}\nprompts: [{text: A, request: {seed: 8}}]\n",
        "request: {model: z-image-turbo, negative_prompt: '{{ no }}'}\nprompts: [{text: A, vars: {no: cars}}]\n",
    ],
)  # fmt: skip
def test_what_some_job_takes_is_none(check: Check, body: str) -> None:
    assert [found for found in check(body) if found.severity == "warning"] == []


LOOK = MODEL + "vars: {look: {colour: red}}\nprompts: ['A {{ USE }}']\n"


@pytest.mark.parametrize("use", ["look.colour", "look['colour']"])
def test_a_field_that_is_added_to_a_variable_and_that_no_template_takes_is_an_error(check: Check, use: str) -> None:
    [problem] = check(LOOK.replace("USE", use.replace("'", "''")), "vars.look.colur=blue")
    assert told([problem]) == [("error", "vars.look.colur", 'did you mean "colour"?')]


@pytest.mark.parametrize("use", ["look.values() | join", "look | tojson", "look.colour ~ look.get('tone')"])
def test_one_that_a_template_may_take_is_none(check: Check, use: str) -> None:
    assert check(LOOK.replace("USE", use.replace("'", "''")), "vars.look.tone=blue") == []


def test_a_default_that_every_prompt_of_the_base_has_its_own_of_is_set_in_vain(check: Check) -> None:
    base = 'version: 1\nname: b\ncatalog: "2026-05"\n' + MODEL
    base += "vars: {style: oil}\nprompts:\n  - {text: '{{ style }}', vars: {style: ink}, request: {resolution: 1K}}\n"
    [problem] = check("extends: b.yaml\nrequest: {resolution: 2K}\n", files={"b.yaml": base})
    assert told([problem]) == [("warning", "request.resolution", "write it into the prompts")]
    [problem] = check("extends: b.yaml\n", "vars.style=chalk", files={"b.yaml": base})
    assert told([problem]) == [("warning", "vars.style", "write --set prompts.0.vars.style=chalk")]


def test_a_variable_that_only_the_prompts_of_the_base_used_is_none(check: Check) -> None:
    base = 'version: 1\nname: b\ncatalog: "2026-05"\n' + BARNS
    assert check("extends: b.yaml\nprompts: [A shed]\n", files={"b.yaml": base}) == []


@pytest.mark.parametrize(
    ("override", "written"),
    [
        ("vars.who=007", "prompts.0.vars.who=007"),
        ("vars.who=don't", "prompts.0.vars.who=don't"),
        ("vars.who=$HOME `x`", "prompts.0.vars.who=$HOME `x`"),
        ("vars={who: 007}", "prompts.0.vars.who=007"),
        ("vars={who: 'a\"b'}", 'prompts.0.vars.who="a\\"b"'),
        ("vars={who: [007]}", "prompts.0.vars.who=..."),
        ("request.n=2", "prompts.0.request.n=2"),
    ],
)
def test_the_override_that_is_meant_is_told_for_a_shell_and_as_it_is_spelled(
    check: Check, override: str, written: str
) -> None:
    body = MODEL + "vars: {who: x}\nprompts: [{text: '{{ who }}', vars: {who: y}, request: {n: 1}}]\n"
    [problem] = check(body, override)
    assert shlex.split(problem.suggestion or "") == ["write", "--set", written]


def test_so_is_that_of_an_axis(check: Check) -> None:
    [problem] = check(BARNS, "request.seed=007")
    assert shlex.split(problem.suggestion or "") == ["write", "--set", "matrix.seed=[007]"]


def test_a_name_that_only_the_built_in_path_uses_is_no_guess(check: Check) -> None:
    body = MODEL + "vars: {x: 1, mood: calm}\nprompts: ['A {{ x }}']\n"
    [problem] = check(body)
    assert problem.suggestion == "write {{ mood }} where it belongs, or take it out"
    [problem] = check(body + "output: {path: '{{ model }}/{{ job_id }}'}\n")
    assert problem.suggestion == 'did you mean "model"?'
