"""Slips of a first day are told with the way out."""

from collections.abc import Callable

import pytest

from qwave_batch.model.problem import Problem

MODEL = "request: {model: z-image-turbo, seed: 7}\n"
OF_REQUEST = "; a request field belongs under request, or under matrix as an axis"

Check = Callable[..., list[Problem]]


@pytest.mark.parametrize(
    ("body", "way_out"),
    [
        (
            "vars: {style: x}\nprompts: ['A {{ vars.style }}']\n",
            "write {{ style }}: variables have no vars before them",
        ),
        ("prompts: [A]\nbudget: 5\n", "write {max_usd: 5}"),
        ("prompts: [A]\nbudget: 2.50\n", "write {max_usd: 2.50}"),
        (
            "prompts: ['A {{ hue }}']\nmatrix:\n  - hue: [red, blue]\n  - size: [a, b]\n",
            "remove the dashes: each axis is a key followed by a list",
        ),
    ],
)
def test_a_slip_is_told_with_its_way_out(check: Check, body: str, way_out: str) -> None:
    [problem] = check(MODEL + body)
    assert problem.suggestion == way_out


@pytest.mark.parametrize("key", ["model: z-image-turbo", "seed: 3"])
def test_a_field_beside_a_prompts_text_is_sent_to_request(check: Check, key: str) -> None:
    [problem] = check(f"{MODEL}prompts: [{{text: A, {key}}}]\n")
    assert str(problem.suggestion).endswith(OF_REQUEST)


def test_a_variable_that_is_not_there_is_not_guessed(check: Check) -> None:
    [problem] = check(MODEL + "prompts: ['A {{ vars.style }}']\n")
    assert problem.suggestion is None
