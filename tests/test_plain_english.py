"""Docstrings, comments and the documentation are plain English: whole sentences, standard words."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).parents[1]
FOLDERS = ("qwave_batch", "tests", "benchmarks")
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**/*.md")

RULES = {
    "a statement that begins with a question word": re.compile(r"(?:What|Whoever|Whatever|Where|Who|Whose)\b"),
    "whoever": re.compile(r"\bwhoever\b", re.IGNORECASE),
    '"is no" where "is not a" is meant': re.compile(
        r"(?<!\b[Tt]here )\b(?:is|are|was|were|be) (?:no|none|nothing of)\b"
        r"(?! (?:longer|more|other|less|greater|larger|smaller|better|worse|earlier|later|different)\b)"
        r"(?! (?:such|way|need|room)\b)"
        r"(?= [a-z`]|[,.;:])",
    ),
    "a private word": re.compile(
        r"\b(?:desk|darkroom|bell|deaf|seats?|lender|patience|brakes?|house|strikes?)\b"
        r"|\b(?:these|other|all|pure|the|each|every|this|its|own) (?:room|door)s?\b"
        r"|\b(?:hears?|heard) (?:of|from|that|nothing|about)\b",
        re.IGNORECASE,
    ),
}

_LABELS = ("Args:", "Returns:", "Raises:", "Yields:", "Attributes:", "Examples:", "Example:")
# `code`, "quoted words" and links are names or examples, not prose
_ITEM = re.compile(r"(?:[-*#]+|\d+\.)\s+")
_ENTRY = re.compile(r"\*{0,2}[\w.]+(?:, \w+)*: ")
_TRIPLE = r'"""(?:[^"\\]|\\.|"(?!""))*"""'
_LEXEME = re.compile(
    r"(?P<comment>\#[^\n]*)"
    rf"|(?:(?m:^)[ ]*|\A)r?(?P<docstring>{_TRIPLE})(?=[ ]*(?:\n|\Z))"
    rf"|{_TRIPLE}"
    r"|'(?:[^'\\\n]|\\.)*'"
    r'|"(?:[^"\\\n]|\\.)*"',
    re.DOTALL,
)
"""A comment, a docstring or another string: `tokenize` and `ast` take several seconds for all files."""
_CONTINUES = ("(", "[", "{", ",", "=", "+", "\\")
"""Ends of code after which a string on a line of its own is not a docstring."""
_FAR = 200
_DIRECTIVES = ("#!", "# noqa", "# type", "# pragma", "# fmt")
_CODE = ("```", ">>>", "$ ")
_NOT_PROSE = re.compile(r"``?[^`]*``?|\"[^\"]*\"|\]\([^)]*\)|https?://\S+")
_SENTENCE_END = re.compile(r"(?<=[.;?!])\s+(?=[A-Z`*\"(])|(?<=:)\s+(?=[A-Z])")


class Passage(NamedTuple):
    """A piece of prose that reads on its own: a paragraph, a list entry, a comment."""

    line: int
    text: str


def passages_of_text(lines: list[str], first_line: int) -> Iterator[Passage]:
    """Yield paragraphs, list entries, table cells and the entries of sections such as `Args:`."""
    held: list[str] = []
    start, in_code = first_line, False
    entry_indent: int | None = None
    for number, raw in enumerate([*lines, ""], start=first_line):
        line = raw.strip()
        indent = len(raw) - len(raw.lstrip())
        in_code ^= line.startswith("```")
        is_row, is_label = line.startswith("|"), line in _LABELS
        is_entry = entry_indent is not None and indent <= (entry_indent or indent)
        if held and (not line or in_code or is_row or is_label or is_entry or _ITEM.match(line)):
            yield Passage(start, " ".join(held))
            held = []
        if is_label:
            entry_indent = 0  # the first entry sets it
        elif entry_indent == 0:
            entry_indent = indent
        if is_row:
            yield from (Passage(number, cell.strip()) for cell in line.strip("|").split("|"))
        elif line.startswith("#"):
            yield Passage(number, line.lower())  # a title may be a clause: "What a job costs"
        elif line and not in_code and not is_label and not line.startswith(_CODE):
            start = start if held else number
            held.append(_ITEM.sub("", _ENTRY.sub("", line) if is_entry or entry_indent == indent else line))


def docstrings(source: str) -> Iterator[Passage]:
    """Yield the docstrings of modules, classes, functions and fields."""
    for found in _LEXEME.finditer(source):
        before = source[max(0, found.start() - _FAR) : found.start()]
        if (text := found["docstring"]) is not None and not before.rstrip().endswith(_CONTINUES):
            yield from passages_of_text(text[3:-3].splitlines(), source.count("\n", 0, found.start()) + 1)


def comments(source: str) -> Iterator[Passage]:
    """Yield comments, those on lines of their own that follow each other as one."""
    held: list[str] = []
    start = end = 0
    for found in _LEXEME.finditer(source):
        if (text := found["comment"]) is None or text.startswith(_DIRECTIVES):
            continue
        if held and source[end : found.start()].strip(" ") != "\n":
            yield Passage(start, " ".join(held))
            held = []
        start = start if held else source.count("\n", 0, found.start()) + 1
        held.append(text.lstrip("# "))
        end = found.end()
    if held:
        yield Passage(start, " ".join(held))


def offences(passages: Iterator[Passage]) -> list[str]:
    """Return the sentences that break a rule, each with its line."""
    found = []
    for line, passage in passages:
        prose = _NOT_PROSE.sub(lambda name: "`" + "-" * (len(name[0]) - 2) + "`", passage)
        for sentence in _SENTENCE_END.split(prose):
            for name, rule in RULES.items():
                is_start = name.endswith("question word")
                hit = rule.match(sentence.lstrip("*_(\"'")) if is_start else rule.search(sentence)
                if hit is not None and not (is_start and sentence.rstrip('*_)"').endswith(("?", "?:"))):
                    at = max(0, prose.find(sentence) + hit.start() - 30)
                    found.append(f"line {line}: {name}: {passage[at : at + 120]}")
    return found


def offences_of_file(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        lines = text.splitlines()
        if file.name == "CHANGELOG.md":
            sections = [number for number, line in enumerate(lines) if line.startswith("## ")]
            lines = lines[: sections[1]] if len(sections) > 1 else lines
        return offences(passages_of_text(lines, 1))
    return [*offences(docstrings(text)), *offences(comments(text))]


def files_with_prose() -> list[Path]:
    modules = [file for folder in FOLDERS for file in (CHECKOUT / folder).rglob("*.py")]
    pages = [file for pattern in PAGES for file in CHECKOUT.glob(pattern)]
    return sorted({*modules, *pages})


def test_prose_is_plain_english() -> None:
    """Every docstring, comment and page of the documentation keeps the rules of CONTRIBUTING.md."""
    files = files_with_prose()
    assert len(files) > len(PAGES)
    found = {str(file.relative_to(CHECKOUT)): faults for file in files if (faults := offences_of_file(file))}
    listed = [f"{file}: {fault}" for file, faults in found.items() for fault in faults]
    assert not listed, "\n".join(listed)


@pytest.mark.parametrize(
    "text",
    [
        "What a job costs.",
        "Cheap. Where it stands counts.",
        "Whose folder it is.",
        "Told to whoever asks.",
        "It is no file of ours.",
        "The values are no numbers.",
        "The value is none.",
        "The desk knows.",
        "The call needs a seat.",
    ],
)
def test_a_break_of_the_rules_is_found(text: str) -> None:
    """The rules find the sentences they are for, in docstrings, entries, comments and pages."""
    assert offences(docstrings(f'"""{text}"""'))
    assert offences(docstrings(f'def f(x):\n    """Return it.\n\n    Args:\n        x: {text}\n    """'))
    assert offences(comments(f"x = 1  # {text}"))
    assert offences(passages_of_text([f"- {text}"], 1))


@pytest.mark.parametrize(
    "text",
    [
        "What does a job cost?",
        "There is no file.",
        "It is no such file, and no longer needed.",
        "The price of a job. Jobs tell where they stand.",
        "The option `is no file` is a name.",
    ],
)
def test_plain_sentences_pass(text: str) -> None:
    """Questions, "there is no" and quoted names are left alone."""
    assert not offences(docstrings(f'"""{text}"""'))
    assert not offences(passages_of_text([f"- {text}"], 1))
