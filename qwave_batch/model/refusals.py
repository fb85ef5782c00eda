"""Whether a failure means that the content was refused, which says something about the model and its rules.

No document lists such codes, so whole words of the code are read, and of the message only phrases that can mean
nothing else.
"""

import re

from qwave_batch.model.job import JobError

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", re.ASCII)
_CODE = re.compile(
    r"contents?|moderat\w*|safety|unsafe|nsfw|sensitiv\w*|flagged|inappropriate|copyright\w*|polic(?:y|ies)|guidelines?"
)
_MESSAGE = re.compile(
    r"\b(content|usage|safety) (policy|policies|guidelines?|filters?|system)\b|\bmoderat(ion|ed)\b|\bnsfw\b"
    r"|\b(prompt|image|content)s? (is|are|was|were) (not allowed|blocked|flagged|rejected|unsafe|sensitive)\b"
    r"|\bsensitive (content|words?|information)\b|\binappropriate content\b",
    re.ASCII | re.IGNORECASE,
)


def is_content_refusal(error: JobError) -> bool:
    """Whether the API or the model refused the prompt or the image for its content."""
    words = (word.lower() for word in _WORD.findall(error.code))
    return any(map(_CODE.fullmatch, words)) or _MESSAGE.search(error.message) is not None
