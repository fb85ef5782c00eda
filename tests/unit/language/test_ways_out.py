"""Suggestions about templates that do not parse work when they are followed."""

import re

import pytest

from qwave_batch.model.next_step import Advice, NextStep
from tests.unit.language.conftest import JobsOf, ProblemsOf

MODEL = "request: {model: z-image-turbo, seed: 7}\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{{shiny}}}, a toy", "{{{shiny}}}"),
        ("a {{{ two words }}} toy", "{{{ two words }}}"),
        ("number {#one of three", "{#one"),
        ("50 {% off today", "{% off"),
        ("{% sale %} today", "{% sale %}"),
        ("a lone {%", "{%"),
    ],
)
def test_braces_of_the_prompt_are_shown_as_they_are_to_be_written(
    problems_of: ProblemsOf, jobs_of: JobsOf, text: str, shown: str
) -> None:
    (problem,) = problems_of(f"prompts: ['{text}']\n{MODEL}")
    raw = re.search(r"\{% raw %\}.*\{% endraw %\}", str(problem.suggestion))
    assert raw
    assert raw[0] == f"{{% raw %}}{shown}{{% endraw %}}"
    (job,) = jobs_of(f"prompts: ['{text.replace(shown, raw[0])}']\n{MODEL}")
    assert job.prompt == text


def test_three_braces_are_called_so(problems_of: ProblemsOf) -> None:
    (problem,) = problems_of(f"prompts: ['{{{{{{shiny}}}}}}']\n{MODEL}")
    assert str(problem.suggestion).startswith("three braces: if the braces belong to the prompt, write ")


@pytest.mark.parametrize("text", ["{{ a b }}", "{% if x %}a", "{{ 'a' | uper }}"])
def test_a_slip_in_a_tag_is_no_brace_of_the_prompt(problems_of: ProblemsOf, text: str) -> None:
    (problem,) = problems_of(f'prompts: ["{text}"]\n{MODEL}')
    assert "raw" not in str(problem.suggestion)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{{ env.COLOUR }}", "COLOUR"),
        ("{{ env['COLOUR'] }}", "COLOUR"),
        ("{{ env('COLOUR') }}", "COLOUR"),
        ("{{ os.environ['COLOUR'] }}", "COLOUR"),
        ("{{ os.environ.get('COLOUR') }}", "COLOUR"),
        ("{{ os.getenv('COLOUR', 'red') }}", "COLOUR"),
        ("{{ environ.HOME }}", "HOME"),
    ],
)
def test_who_looks_for_the_environment_is_shown_set(
    problems_of: ProblemsOf, jobs_of: JobsOf, template: str, name: str
) -> None:
    (problem,) = problems_of(f'prompts: ["A toy in {template}"]\n{MODEL}')
    own = name.lower()
    assert problem.suggestion == f"a spec reads no environment: write {{{{ {own} }}}}"
    assert problem.next_step == Advice(NextStep.SET_VARIABLE, f"vars.{own}=${name}")
    (job,) = jobs_of(f'prompts: ["A toy in {{{{ {own} }}}}"]\n{MODEL}', overrides=(f"vars.{own}=red",))
    assert job.prompt == "A toy in red"


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' < 3 }}",
        "{{ 'a' * 'b' }}",
        "{{ -'a' }}",
        "{{ 3 | length }}",
        "{% for a in 3 %}{% endfor %}",
        "{{ 'a' in 3 }}",
        "{{ 3 in 'a' }}",
        "{{ range('a') | join }}",
        "{{ 'a' | round }}",
        "{{ {[1]: 2} | length }}",
        "{{ 'a' | replace('b') }}",
        "{{ 'a'.split(3) }}",
        "{{ '%d' % 'a' }}",
        "{{ '{} {}'.format(1) }}",
        "{{ [1, 'a'] | sort | join }}",
        "{{ 'a' | truncate('b') }}",
        "{{ none.x }}",
        "{{ 'abc'[1:'x'] }}",
    ],
)
def test_what_fails_is_told_without_the_interpreters_names(problems_of: ProblemsOf, template: str) -> None:
    (problem,) = problems_of(f'prompts: ["x {template}"]\n{MODEL}')
    said = f"{problem.message} {problem.suggestion or ''}".replace("| int", "")
    assert not re.search(r"\b(?:str|int|float|dict|list object|NoneType|tuple|bool|Cell|object|__\w+__)\b|\w\(\)", said)
