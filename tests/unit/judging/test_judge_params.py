"""The parameters of a judge."""

import pytest

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.judging.chat_prompts import chat_prompt
from qwave_batch.judging.judge_params import PARAMS, read_params
from qwave_batch.judging.question_lists import read_questions


def test_without_parameters_questions_are_asked_one_by_one_and_cold() -> None:
    params = read_params({})
    assert (params.mode, params.ask, params.fields) == ("questions", "each", {"temperature": 0.0, "seed": 0})


def test_none_leaves_a_field_out_and_extra_adds_some() -> None:
    extra = '{"max_completion_tokens": 900, "reasoning_effort": "low"}'
    params = read_params({"temperature": "none", "seed": "none", "extra": extra})
    assert params.fields == {"max_completion_tokens": 900, "reasoning_effort": "low"}
    assert params.most_output == 900


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"mode": "stars"}, 'mode of judge can\'t be "stars": it is one of questions, pairs'),
        ({"temperature": "3"}, "from 0 to 2"),
        ({"temperature": "hot"}, "a number from 0 to 2"),
        ({"seed": "-1"}, "from 0 to"),
        ({"max_tokens": "0"}, "from 1"),
        ({"concurrency": "1000"}, "from 1 to 128"),
        ({"extra": "[1]"}, "not a JSON object"),
        ({"extra": "{"}, "not JSON"),
        ({"extra": '{"a": 1, "a": 2}'}, "duplicate key"),
        ({"extra": '{"messages": []}'}, "messages can't be set"),
        ({"extra": '{"max_completion_tokens": "many"}'}, "a whole number from 1"),
        ({"extra": '{"max_completion_tokens": 9}', "max_tokens": "9"}, "given twice"),
        ({"price_in": "1"}, "price_in and price_out go together"),
        ({"price_in": "cheap", "price_out": "1"}, "an amount in USD"),
        ({"criterion": "nice"}, "of no use with mode=questions"),
        ({"mode": "pairs", "ask": "each"}, "of no use with mode=pairs"),
        ({"mode": "pairs", "questions": "q.yaml"}, "of no use with mode=pairs"),
        ({"key_env": "OTHER_KEY"}, "goes with base_url"),
        ({"model": " "}, "it is empty"),
        ({"name": "My looks"}, "of small letters"),
    ],
)
def test_a_wrong_parameter_says_what_it_may_be(written: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_params(written)


def test_an_unknown_parameter_gets_a_guess() -> None:
    with pytest.raises(UnknownName, match='did you mean "temperature"'):
        read_params({"temprature": "0"})


def test_a_key_in_place_of_its_variable_is_not_shown() -> None:
    with pytest.raises(UsageError, match="never a key") as raised:
        read_params({"base_url": "https://judges.example/v1", "key_env": "sk-secret"})
    assert "sk-secret" not in str(raised.value)


def test_every_parameter_has_a_place() -> None:
    fields = set(type(read_params({})).__slots__)
    assert set(PARAMS) - {"price_in", "price_out"} == fields - {"price"}


# The texts.


def test_the_texts_show_what_is_asked() -> None:
    questions = read_questions([{"question": "Red?", "answer": "yes"}, {"question": "How many?", "answer": "two"}])
    each = chat_prompt("each").for_question(questions[0], "a cat")
    assert "Question: Red?" in each
    assert 'Choices: ["yes", "no"]' in each
    assert "Choices" not in chat_prompt("each").for_question(questions[1], "a cat")
    together = chat_prompt("together").for_questions(questions, "a cat")
    assert "1. Red?\nChoices: [" in together
    assert "2. How many?\nAnswer with a word or a number." in together
    assert "the 2 answers" in together
    pair = chat_prompt("pair").for_pair("a {{ cat }}", "It purrs.")
    assert "Prompt: a {{ cat }}" in pair
    assert "It purrs." in pair
    assert '["first", "second", "tie"]' in pair


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("Is it good?", "never uses question"),
        ("{{ question }} {{ colour }}", "colour"),
        ("{{ question", "does not parse"),
    ],
)
def test_a_template_that_can_not_work_is_refused(source: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        chat_prompt("each", source, named="ask.txt")


def test_a_template_of_the_user_has_a_hash_of_its_own() -> None:
    own = chat_prompt("each", "{{ prompt }}: {{ question }} {{ choices }}")
    assert own.shows_prompt
    assert not chat_prompt("each").shows_prompt
    assert own.sha256 != chat_prompt("each").sha256
