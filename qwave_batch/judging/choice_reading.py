"""Reads the answers in a model's text, strictly: one of the choices word for word, or none. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from qwave_batch.model.jsontypes import Json

_LONGEST_FREE = 200
_LONGEST_SHOWN = 200
_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[\w-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_EDGES = " \t\r\n\"'`.!*_\u201c\u201d\u2018\u2019\u3002"
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_DIGITS = {word: str(number) for number, word in enumerate(_NUMBERS.split())}
_ARTICLE = re.compile(r"\A(?:an?|the)\s+")


class UnclearAnswer(ValueError):
    """A text does not answer the question; the message says why."""


def plain(text: str) -> str:
    """Return a text as answers are compared: without case, quotes and full stops around it, and double spaces."""
    return " ".join((text.strip(_EDGES) or text).casefold().split())


def same_choice(given: str, expected: str) -> bool:
    """Whether two texts are the same choice."""
    return plain(given) == plain(expected)


def same_free_answer(given: str, expected: str) -> bool:
    """Whether two answers without choices mean the same: ``Two`` is ``2``, and ``a dog`` is ``dog``."""
    return _free(given) == _free(expected)


def _free(text: str) -> str:
    bare = _ARTICLE.sub("", plain(text))
    return " ".join(_DIGITS.get(word, word) for word in bare.split())


def read_answer(text: str, choices: Sequence[str]) -> str:
    """Return the answer in a text: one of ``choices``, or any short answer where there are none.

    Raises:
        UnclearAnswer: the text has none, or another than the choices.
    """
    return _fitting(_single(text), choices)


def read_answers(text: str, choices: Sequence[Sequence[str]]) -> list[str]:
    """Return the answers to several questions, in their order, from the JSON in a text; raises UnclearAnswer."""
    found = [value["answers"] for value in _objects(text) if isinstance(value.get("answers"), list)]
    listed = found[-1] if found else None
    if not isinstance(listed, list):
        raise UnclearAnswer(f"the answer is not JSON with a list of answers: {_shown(text)}")
    if len(listed) != len(choices):
        raise UnclearAnswer(f"there are {len(listed)} answers to {len(choices)} questions")
    return [_fitting(_word(each), choice) for each, choice in zip(listed, choices, strict=True)]


def _single(text: str) -> str:
    """Return the ``answer`` of the last JSON object that has one, else the text itself."""
    found = [value["answer"] for value in _objects(text) if "answer" in value]
    if found:
        return _word(found[-1])
    bare = _THOUGHT.sub("", text).strip()
    fenced = _FENCE.fullmatch(bare)
    return (fenced[1] if fenced else bare).strip()


def _word(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return value
    raise UnclearAnswer("the answer is neither a text nor a number")


def _fitting(answer: str, choices: Sequence[str]) -> str:
    if not choices:
        if not answer.strip(_EDGES) or len(answer) > _LONGEST_FREE or "\n" in answer.strip():
            raise UnclearAnswer(f"the answer is not a short one: {_shown(answer)}")
        return answer.strip(_EDGES)
    meant = plain(answer)
    for choice in choices:
        if plain(choice) == meant:
            return choice
    raise UnclearAnswer(f"the answer is none of {json.dumps(list(choices), ensure_ascii=False)}: {_shown(answer)}")


def _objects(text: str) -> Iterator[Mapping[str, Json]]:
    """Yield the JSON objects in a text, which may have words around them, in their order."""
    bare = _THOUGHT.sub("", text)
    at = bare.find("{")
    while at >= 0:
        try:
            value, end = _DECODER.raw_decode(bare, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if isinstance(value, dict):
                yield value
        at = bare.find("{", end)


_DECODER = json.JSONDecoder()


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return f'"{line}"' if len(line) <= _LONGEST_SHOWN else f'"{line[: _LONGEST_SHOWN - 1]}…"'
