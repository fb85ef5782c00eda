"""Pages as text, and the code that stands in them."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

FENCED = re.compile(r"^( *)```[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n|^\n(?= {4}))+", re.MULTILINE)
INLINE = re.compile(r"(`+)(.+?)\1", re.DOTALL)

CodeWords = Callable[[str], frozenset[str]]


@pytest.fixture(scope="session")
def code_words(checkout: Path) -> CodeWords:
    """A function from a page's name to the words that stand in code on it, in spans or in blocks."""

    def read(page: str) -> frozenset[str]:
        text = (checkout / page).read_text(encoding="utf-8")
        fenced = [match[2] for match in FENCED.finditer(text)]
        rest = FENCED.sub("\n", text)
        indented = [match[0] for match in INDENTED.finditer(rest)]
        inline = [match[2] for match in INLINE.finditer(INDENTED.sub("\n", rest))]
        return frozenset(re.findall(r"[\w.-]*\w", "\n".join([*fenced, *indented, *inline])))

    return read
