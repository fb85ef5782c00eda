"""Questions about an image with their expected answers: read, and grouped by what they depend on. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.judging.choice_reading import plain, same_choice, same_free_answer
from qwave_batch.model.jsontypes import Json, JsonObject

YES_OR_NO = ("yes", "no")
_MOST_QUESTIONS = 200
_LONGEST = 4000
_KEYS = frozenset({"id", "question", "answer", "choices", "dependency"})


class BadQuestion(UsageError):
    """A question that cannot be asked or graded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageQuestion:
    """One question about an image."""

    id: str
    text: str
    answer: str
    """The expected answer, one of the choices if there are any."""
    choices: tuple[str, ...] = ()
    """Empty where any short answer may be given."""
    depends_on: tuple[str, ...] = ()
    """Ids of questions without whose right answers this one makes no sense, and counts as wrong."""


def read_questions(listed: Sequence[Json]) -> tuple[ImageQuestion, ...]:
    """Return the questions of a list of objects as ``meta.questions`` holds them; raises BadQuestion.

    Without ``choices`` a question whose answer is yes or no has these two; any other may be answered freely.
    """
    if not listed:
        raise BadQuestion("there are no questions")
    if len(listed) > _MOST_QUESTIONS:
        raise BadQuestion(f"there are {len(listed):,} questions, more than {_MOST_QUESTIONS} for one image")
    questions = tuple(_question(each, number) for number, each in enumerate(listed, 1))
    ids = [question.id for question in questions]
    if len(set(ids)) < len(ids):
        twice = next(each for each in ids if ids.count(each) > 1)
        raise BadQuestion(f'two questions have the id "{twice[:100]}"')
    for question in questions:
        for other in question.depends_on:
            if other not in ids or other == question.id:
                raise BadQuestion(f'question {question.id} depends on "{other[:100]}", which is no other question')
    return questions


def _question(value: Json, number: int) -> ImageQuestion:
    place = f"question {number}"
    if not isinstance(value, Mapping):
        raise BadQuestion(f"{place} is not an object with question and answer")
    if strange := sorted(value.keys() - _KEYS):
        raise BadQuestion(f'{place} has an unknown key "{strange[0][:100]}"; it has {", ".join(sorted(_KEYS))}')
    answer = _text(value.get("answer"), f"{place}: answer")
    choices = _choices(value, answer, place)
    for choice in choices:
        if plain(choice) == plain(answer):
            answer = choice
            break
    else:
        if choices:
            raise BadQuestion(f'{place}: the answer "{answer[:100]}" is none of its choices')
    named = value.get("id")
    return ImageQuestion(
        id=str(number) if named is None else _text(named, f"{place}: id"),
        text=_text(value.get("question"), f"{place}: question"),
        answer=answer,
        choices=choices,
        depends_on=_dependencies(value.get("dependency"), place),
    )


def _choices(value: JsonObject, answer: str, place: str) -> tuple[str, ...]:
    listed = value.get("choices")
    if listed is None or listed == []:
        return YES_OR_NO if plain(answer) in YES_OR_NO else ()
    if not isinstance(listed, list | tuple):
        raise BadQuestion(f"{place}: choices is not a list")
    choices = tuple(_text(each, f"{place}: choice {number}") for number, each in enumerate(listed, 1))
    meanings = [plain(choice) for choice in choices]
    if len(set(meanings)) < len(meanings):
        raise BadQuestion(f"{place}: two of its choices are the same")
    return choices


def _dependencies(value: Json, place: str) -> tuple[str, ...]:
    """Return the ids in a list, or in a text with commas; ``0`` is nothing, as in the CSV files of benchmarks."""
    if value is None:
        return ()
    parts = [*value] if isinstance(value, list | tuple) else [part.strip() for part in str(value).split(",")]
    ids = [_text(part, f"{place}: dependency") for part in parts if part != ""]
    return tuple(each for each in ids if each != "0")


def _text(value: Json, place: str) -> str:
    """Return a text; a number is written as JSON does, and a truth value as yes or no."""
    if isinstance(value, bool):
        return YES_OR_NO[not value]
    text = str(value) if isinstance(value, int | float) else value
    if not isinstance(text, str) or not text.strip():
        raise BadQuestion(f"{place} is missing or not a text")
    if len(text) > _LONGEST:
        raise BadQuestion(f"{place} has {len(text):,} characters, more than {_LONGEST:,}")
    return text.strip()


@dataclass(frozen=True, slots=True)
class Grades:
    """The questions of one image with the answers that were given."""

    questions: tuple[ImageQuestion, ...]
    given: Mapping[str, str]
    """By id; a question that was not asked is missing."""

    def is_right(self, question: ImageQuestion) -> bool:
        """Whether a question was answered as expected, and so were all that it depends on."""
        return all(self._is_met(each) for each in self._with(question))

    def can_matter(self, question: ImageQuestion) -> bool:
        """Whether asking a question can still change anything: what it depends on is right, or not asked yet."""
        return all(self._is_met(each) for each in self._with(question) if each.id in self.given)

    @property
    def accuracy(self) -> float:
        """The share of questions that were answered as expected."""
        return sum(map(self.is_right, self.questions)) / len(self.questions)

    def _is_met(self, question: ImageQuestion) -> bool:
        given = self.given.get(question.id)
        if given is None:
            return False
        is_same = same_choice if question.choices else same_free_answer
        return is_same(given, question.answer)

    def _with(self, question: ImageQuestion) -> Iterable[ImageQuestion]:
        """Return a question and all that it depends on, whichever way round they are written."""
        by_id = {each.id: each for each in self.questions}
        found = {question.id: question}
        waiting = [question]
        while waiting:
            for other in waiting.pop().depends_on:
                if other not in found:
                    found[other] = by_id[other]
                    waiting.append(by_id[other])
        return found.values()
