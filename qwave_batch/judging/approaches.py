"""The two ways to judge: questions about one image, and two images in both orders. Pure but for the asking itself."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from qwave_batch.client.chat_answers import ChatEnd, ChatReply
from qwave_batch.judging.chat_prompts import FIRST, PAIR_CHOICES, SECOND, TIE, ChatPrompt
from qwave_batch.judging.chat_request import ChatCall, ChatSettings
from qwave_batch.judging.choice_reading import UnclearAnswer, read_answer, read_answers
from qwave_batch.judging.own_questions import OwnQuestions
from qwave_batch.judging.question_lists import BadQuestion, Grades, ImageQuestion, read_questions
from qwave_batch.model.jsontypes import Json
from qwave_batch.scoring.scorer import Better, Item, ItemFile, Level, Need, Outcome, Output, Score, ScoreError

SHOWN_CHARACTERS = 1000
"""The part of a raw answer that details keep."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The answers in a reply."""

    answers: tuple[str, ...]
    raw: str


Ask: TypeAlias = Callable[[ChatCall, "Hearing"], Awaitable[Heard | ScoreError]]
"""Asks a question and hears its answer."""
Hearing: TypeAlias = Callable[[ChatReply], Heard | ScoreError]
"""Takes the answers out of a reply, or says why it holds none."""

_ENDS: Mapping[ChatEnd, str] = {
    ChatEnd.CUT_SHORT: "the answer reached its limit of tokens; max_tokens raises it",
    ChatEnd.FILTERED: "the model refused to answer, or a filter withheld it",
    ChatEnd.TOOL_CALL: "the model called a tool in place of answering",
    ChatEnd.EMPTY: "the answer has no text",
}


def hearing(read: Callable[[str], tuple[str, ...]]) -> Hearing:
    """Return how to take answers out of a reply with ``read``, which raises UnclearAnswer."""

    def hear(reply: ChatReply) -> Heard | ScoreError:
        raw = reply.text[:SHOWN_CHARACTERS]
        if (said := _ENDS.get(reply.end)) is not None:
            return ScoreError(reply.end.value, f'{said}: "{raw}"' if raw.strip() else said)
        try:
            return Heard(read(reply.text), raw)
        except UnclearAnswer as unclear:
            return ScoreError("unclear_answer", str(unclear))

    return hear


class Approach(Protocol):
    """A way to judge."""

    @property
    def level(self) -> Level:
        """The subject of its scores."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """The parts of an item that its texts depend on."""
        ...

    @property
    def outputs(self) -> Mapping[str, Output]:
        """Its numbers."""
        ...

    def calls(self, item: Item) -> Iterator[ChatCall]:
        """Yield every question that an item may take; raises BadQuestion, TemplateFault."""
        ...

    async def judged(self, item: Item, ask: Ask) -> Outcome:
        """Ask the questions of an item and return its score; raises as ``calls`` does, and what ``ask`` raises."""
        ...


_UNIT = (0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionApproach:
    """Questions about an image, each with an expected answer."""

    settings: ChatSettings
    prompt: ChatPrompt
    own: OwnQuestions | None = None
    """Questions of the user for every image; None takes the item's own."""
    level: Level = field(default=Level.IMAGE, init=False)

    @property
    def needs(self) -> frozenset[Need]:
        """Questions come with the item unless the user has some; the prompt counts if a text shows it."""
        shows_prompt = self.prompt.shows_prompt or (self.own is not None and self.own.shows_prompt)
        return frozenset(({Need.QUESTIONS} if self.own is None else set()) | ({Need.PROMPT} if shows_prompt else set()))

    @property
    def outputs(self) -> Mapping[str, Output]:
        """The share of right answers, and whether all are."""
        return {"accuracy": Output(_UNIT, Better.HIGHER), "all_right": Output(_UNIT, Better.HIGHER)}

    def calls(self, item: Item) -> Iterator[ChatCall]:
        """Yield a question each, or all of them in one."""
        questions = self._questions(item)
        if self.prompt.ask == "together":
            yield self._call(item, self.prompt.for_questions(questions, item.prompt), len(questions))
        else:
            for question in questions:
                yield self._call(item, self.prompt.for_question(question, item.prompt), 1)

    async def judged(self, item: Item, ask: Ask) -> Outcome:
        """Return the share of right answers; one question without an answer leaves the image without a score.

        A question is not asked where one that it depends on was answered wrongly: it counts as wrong.
        """
        questions = self._questions(item)
        given: dict[str, str] = {}
        raws: list[Json] = []
        if self.prompt.ask == "together":
            choices = [question.choices for question in questions]
            (call,) = self.calls(item)
            heard = await ask(call, hearing(lambda text: tuple(read_answers(text, choices))))
            if isinstance(heard, ScoreError):
                return heard
            given = {each.id: answer for each, answer in zip(questions, heard.answers, strict=True)}
            raws.append(heard.raw)
        else:
            for question, call in zip(questions, self.calls(item), strict=True):
                if not Grades(questions, given).can_matter(question):
                    continue
                heard = await ask(call, hearing(_reader(question)))
                if isinstance(heard, ScoreError):
                    return ScoreError(heard.code, f"question {question.id}: {heard.message}", heard.retryable)
                given[question.id] = heard.answers[0]
                raws.append(heard.raw)
        return _graded(Grades(questions, given), raws)

    def _questions(self, item: Item) -> tuple[ImageQuestion, ...]:
        return read_questions(item.questions) if self.own is None else self.own.for_prompt(item.prompt)

    def _call(self, item: Item, text: str, answers: int) -> ChatCall:
        return ChatCall(settings=self.settings, text=text, images=(item.file,), answers=answers)


def _reader(question: ImageQuestion) -> Callable[[str], tuple[str, ...]]:
    return lambda text: (read_answer(text, question.choices),)


def _graded(grades: Grades, raws: list[Json]) -> Score:
    answers: list[Json] = [
        {
            "id": each.id,
            "question": each.text,
            "expected": each.answer,
            "answer": grades.given.get(each.id),
            "right": grades.is_right(each),
        }
        for each in grades.questions
    ]
    accuracy = grades.accuracy
    return Score({"accuracy": accuracy, "all_right": float(accuracy == 1)}, {"questions": answers, "raw": raws})


@dataclass(frozen=True, slots=True, kw_only=True)
class PairApproach:
    """Two images of a prompt, shown in both orders."""

    settings: ChatSettings
    prompt: ChatPrompt
    criterion: str
    level: Level = field(default=Level.PAIR, init=False)

    @property
    def needs(self) -> frozenset[Need]:
        """The prompt is shown, unless a template of the user leaves it out."""
        return frozenset({Need.PROMPT}) if self.prompt.shows_prompt else frozenset()

    @property
    def outputs(self) -> Mapping[str, Output]:
        """The preference: 1 for the first image, 0 for the second, 0.5 for a tie."""
        return {"preference": Output(_UNIT)}

    def calls(self, item: Item) -> Iterator[ChatCall]:
        """Yield the question in both orders."""
        other = item.other
        if other is None:
            raise BadQuestion("a pair needs two images")
        for images in ((item.file, other.file), (other.file, item.file)):
            yield self._call(item, images)

    async def judged(self, item: Item, ask: Ask) -> Outcome:
        """Return the image that is preferred in both orders; where they disagree, it is a tie."""
        heard: list[str] = []
        raws: list[Json] = []
        for call in self.calls(item):
            said = await ask(call, hearing(lambda text: (read_answer(text, PAIR_CHOICES),)))
            if isinstance(said, ScoreError):
                return said
            heard.append(said.answers[0])
            raws.append(said.raw)
        orders: list[Json] = [*heard]
        meant = heard[0], _SWAPPED[heard[1]]
        preference = _PREFERENCE[meant[0]] if meant[0] == meant[1] else 0.5
        return Score({"preference": preference}, {"orders": orders, "agree": meant[0] == meant[1], "raw": raws})

    def _call(self, item: Item, images: tuple[ItemFile, ItemFile]) -> ChatCall:
        text = self.prompt.for_pair(item.prompt, self.criterion)
        return ChatCall(settings=self.settings, text=text, images=images)


_SWAPPED = {FIRST: SECOND, SECOND: FIRST, TIE: TIE}
_PREFERENCE = {FIRST: 1.0, SECOND: 0.0, TIE: 0.5}
