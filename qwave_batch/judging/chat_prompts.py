"""The texts that a judge is asked with: templates of ours or of the user, and the requests they become. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.judging.question_lists import ImageQuestion
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.templates import TemplateFault, TemplateValue, compile_value

Ask: TypeAlias = Literal["each", "together", "pair"]

FIRST, SECOND, TIE = "first", "second", "tie"
PAIR_CHOICES = (FIRST, SECOND, TIE)
CRITERION = "It shows what the prompt asks for, all of it and nothing else; where both do, the better made one."

_EACH = """\
Look at the image and answer the question.

Question: {{ question }}
{% if choices %}Choices: {{ choices }}

Answer with JSON and nothing else: {"answer": "..."} with one of the choices, word for word.\
{% else %}
Answer with JSON and nothing else: {"answer": "..."} with a word or a number.{% endif %}"""
_TOGETHER = """\
Look at the image and answer each question by itself.

{% for each in questions %}{{ each.number }}. {{ each.question }}
{% if each.choices %}Choices: {{ each.choices }}{% else %}Answer with a word or a number.{% endif %}

{% endfor %}\
Answer with JSON and nothing else: {"answers": [...]} with the {{ questions | length }} answers in the order of the \
questions, and of choices one, word for word."""
_PAIR = """\
Two images were made from the same prompt. Which one is better?

Prompt: {{ prompt }}

Better means: {{ criterion }}

Choices: {{ choices }}

Answer with JSON and nothing else: {"answer": "..."} with one of the choices, word for word: first is the first image, \
second the second, tie is for two that are equally good."""

DEFAULTS: Mapping[Ask, str] = {"each": _EACH, "together": _TOGETHER, "pair": _PAIR}
_NAMES: Mapping[Ask, tuple[str, ...]] = {
    "each": ("question", "choices", "prompt"),
    "together": ("questions", "prompt"),
    "pair": ("prompt", "criterion", "choices"),
}
"""The names that a template may use."""


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """A template of the text that goes with images."""

    ask: Ask
    source: str
    value: TemplateValue

    @property
    def sha256(self) -> str:
        """The hash of the template."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def shows_prompt(self) -> bool:
        """Whether the text depends on the prompt of the image."""
        return "prompt" in self.value.names

    def for_question(self, question: ImageQuestion, prompt: str) -> str:
        """Return the text for one question."""
        return self._text({"question": question.text, "choices": _listed(question.choices), "prompt": prompt})

    def for_questions(self, questions: Sequence[ImageQuestion], prompt: str) -> str:
        """Return the text for several questions at once."""
        listed: list[Json] = [
            {"number": number, "question": each.text, "choices": _listed(each.choices)}
            for number, each in enumerate(questions, 1)
        ]
        return self._text({"questions": listed, "prompt": prompt})

    def for_pair(self, prompt: str, criterion: str) -> str:
        """Return the text for two images of a prompt."""
        return self._text({"prompt": prompt, "criterion": criterion, "choices": _listed(PAIR_CHOICES)})

    def _text(self, scope: Mapping[str, Json]) -> str:
        text = str(self.value.render(scope)).strip()
        if not text:
            raise UsageError("the template of the judge gives an empty text")
        return text


def chat_prompt(ask: Ask, source: str | None = None, *, named: str = "template") -> ChatPrompt:
    """Return the template of a kind: ours, or the user's.

    Raises:
        UsageError: it does not parse, uses an unknown name, or leaves out what is asked.
    """
    text = DEFAULTS[ask] if source is None else source
    try:
        value = compile_value(text, (named,), into="text")
    except TemplateFault as fault:
        raise UsageError(f"{named} does not parse: {fault}") from fault
    names = _NAMES[ask]
    for name in sorted(value.names - set(names)):
        raise UnknownName(f"name in {named}", name, names, hint=f"it may use {', '.join(names)}")
    if names[0] not in value.names:
        raise UsageError(f"{named} never uses {names[0]}: every text would be the same; write {{{{ {names[0]} }}}}")
    return ChatPrompt(ask=ask, source=text, value=value)


def _listed(choices: Sequence[str]) -> str:
    """Return choices as JSON; empty for none."""
    return json.dumps(list(choices), ensure_ascii=False) if choices else ""
