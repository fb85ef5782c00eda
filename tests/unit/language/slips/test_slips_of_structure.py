"""A slip of structure is told with its place, and hides nothing of the rest."""

from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

ROPES = "request: {model: z-image-turbo}\nprompts: ['A rope in {{ colour }}']\nmatrix:\n  colour: [red, blue]\n"

Check = Callable[..., list[Problem]]


def told(problems: list[Problem]) -> list[tuple[str, str]]:
    assert all(problem.place for problem in problems)
    return [(problem.path, problem.message) for problem in problems]


@pytest.mark.parametrize(
    ("exclude", "found", "way_out"),
    [
        ("{colour: red}", "a mapping", "write [{colour: red}]"),
        ("red", 'the string "red"', "write a list: [red]"),
        ("5", "the number 5", "write a list: [5]"),
        ("true", "true", "write a list: [true]"),
        ("{}", "a mapping", "start each item with a dash"),
        ("null", "null", "give it a value, or remove the key"),
    ],
)
@pytest.mark.parametrize("how", ["file", "set", "base"])
def test_an_exclude_that_is_no_list_is_told_with_the_rest(
    check: Check, exclude: str, found: str, way_out: str, how: str
) -> None:
    if how == "set":
        problems = check(ROPES + "budgt: {max_usd: 1}\n", f"matrix.exclude={exclude}")
    elif how == "base":
        base = 'version: 1\nname: b\ncatalog: "2026-05"\n' + ROPES + f"  exclude: {exclude}\n"
        problems = check("extends: b.yaml\nbudgt: {max_usd: 1}\n", files={"b.yaml": base})
    else:
        problems = check(ROPES + f"  exclude: {exclude}\nbudgt: {{max_usd: 1}}\n")
    assert set(told(problems)) == {
        ("matrix.exclude", f"expected a list, found {found}"),
        ("budgt", 'unknown key "budgt"'),
    }
    assert way_out in [problem.suggestion for problem in problems]


def test_mistakes_of_an_axis_beside_it_are_told_too(check: Check) -> None:
    body = ROPES.replace("[red, blue]", "[]") + "  exclude: {colour: red}\n  include: {colour: red}\n"
    assert [path for path, _ in told(check(body))] == ["matrix.colour", "matrix.exclude", "matrix.include"]


@pytest.mark.parametrize("key", ["Prompts", "promts", "prompt", "PROMPTS", "prompts_"])
@pytest.mark.parametrize(
    ("prompts", "below"),
    [
        ("[A cart]", []),
        ("A cart", ["prompts"]),
        ("[{prompt: A cart}]", ["prompts[0]", "prompts[0].prompt"]),
        ("[{id: x}]", ["prompts[0]"]),
        ("[{from: none.csv}]", ["prompts[0]", "prompts[0].from"]),
        ("[5]", ["prompts[0]"]),
        ("null", ["prompts"]),
        ("['{{ nothing }}']", ["prompts[0]"]),
    ],
)
def test_what_stands_under_a_misspelt_key_is_held_to_the_same_rules(
    check: Check, key: str, prompts: str, below: list[str]
) -> None:
    problems = check(f"request: {{model: z-image-turbo, seed: 7}}\n{key}: {prompts}\n")
    assert sorted(path for path, _ in told(problems)) == sorted([key, *below])


@pytest.mark.parametrize(
    ("matrix", "below"),
    [
        ("{seed: [1, 2]}", []),
        ("{seed: {start: '{{ 7 }}', count: 2}}", ["matrix.seed.start"]),
        ("{seed: 5}", ["matrix.seed"]),
        ("{seed: [1], exclude: {seed: 1}}", ["matrix.exclude"]),
        ("{seed: '{{ [1, 2] }}'}", []),
        ("[1]", ["matrix"]),
    ],
)
def test_so_is_what_stands_under_a_misspelt_matrix(check: Check, matrix: str, below: list[str]) -> None:
    problems = check(f"request: {{model: z-image-turbo}}\nprompts: [A]\nmatrx: {matrix}\n")
    assert [path for path, _ in told(problems)] == ["matrx", *below]


def test_two_misspelt_keys_with_slips_below(check: Check) -> None:
    body = "request: {model: z-image-turbo, seed: 7}\nPrompts:\n  - prompt: A red cart\nlimts: {concurrency: 4}\n"
    assert sorted(told(check(body))) == [
        ("Prompts", 'unknown key "Prompts"'),
        ("limts", 'unknown key "limts"'),
        ("prompts[0]", 'the key "text" is missing'),
        ("prompts[0].prompt", 'unknown key "prompt"'),
    ]


def test_a_prompt_under_another_name_is_told_as_text(check: Check) -> None:
    problems = check("request: {model: z-image-turbo, seed: 7}\nprompts: [{prompt: A}]\n")
    assert 'did you mean "text"?' in [problem.suggestion for problem in problems]


@pytest.mark.parametrize("seed", ["'1-5'", "5", "'1,2,3'", "1..5"])
def test_what_follows_from_a_complaint_is_left_out(check: Check, seed: str) -> None:
    [problem] = check(f"request: {{model: z-image-turbo}}\nprompts: [A]\nmatrix: {{seed: {seed}}}\n")
    way_out = (problem.suggestion or "").removeprefix("write ").removeprefix("a list: ")
    assert check(f"request: {{model: z-image-turbo}}\nprompts: [A]\nmatrix: {{seed: {way_out}}}\n") == []
