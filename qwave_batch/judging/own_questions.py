"""Questions of the user for every image, from a file; their texts may name the prompt. Pure."""

import hashlib
import json
from dataclasses import dataclass, replace

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.judging.question_lists import BadQuestion, ImageQuestion, read_questions
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.strict_json import STRICT_JSON
from qwave_batch.spec.template.templates import TemplateFault, TemplateValue, compile_value
from qwave_batch.spec.yaml.yaml_reader import read_yaml_list

_PROMPT = "prompt"


@dataclass(frozen=True, slots=True)
class OwnQuestions:
    """The questions of a file."""

    questions: tuple[ImageQuestion, ...]
    texts: tuple[TemplateValue, ...]
    sha256: str
    """The hash of the questions as they are meant."""

    @property
    def shows_prompt(self) -> bool:
        """Whether a question depends on the prompt."""
        return any(_PROMPT in text.names for text in self.texts)

    def for_prompt(self, prompt: str) -> tuple[ImageQuestion, ...]:
        """Return the questions about an image of a prompt; raises TemplateFault."""
        pairs = zip(self.questions, self.texts, strict=True)
        return tuple(replace(question, text=str(text.render({_PROMPT: prompt}))) for question, text in pairs)


def own_questions(text: str, shown_as: str) -> OwnQuestions:
    """Return the questions of a file: a list in YAML or JSON, or JSON lines.

    Raises:
        UsageError: it is no such list, or a question in it is not right.
    """
    listed = _json_lines(text, shown_as) if shown_as.endswith(".jsonl") else _yaml_list(text, shown_as)
    try:
        questions = read_questions(listed)
    except BadQuestion as error:
        raise UsageError(f"{shown_as}: {error}") from None
    texts = []
    for number, question in enumerate(questions, 1):
        try:
            value = compile_value(question.text, (shown_as, number), into="text")
        except TemplateFault as fault:
            raise UsageError(f"{shown_as}: question {number} does not parse: {fault}") from fault
        for name in sorted(value.names - {_PROMPT}):
            raise UnknownName(f"name in question {number} of {shown_as}", name, [_PROMPT], hint="it may use prompt")
        texts.append(value)
    meant = json.dumps(listed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return OwnQuestions(questions, tuple(texts), hashlib.sha256(meant.encode("utf-8", "replace")).hexdigest())


def _yaml_list(text: str, shown_as: str) -> list[Json]:
    listed = []
    for document in read_yaml_list(text, shown_as):
        if document.problems:
            raise UsageError(str(document.problems[0]))
        listed.append(document.value)
    return listed


def _json_lines(text: str, shown_as: str) -> list[Json]:
    listed: list[Json] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                listed.append(STRICT_JSON.decode(line))
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{shown_as}:{number}: this line is not JSON: {error}") from None
    return listed
