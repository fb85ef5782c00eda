"""The code of the report's page keeps its promises: a text stays a text, and nothing is loaded from elsewhere."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.package_code import PACKAGE

PAGE = PACKAGE / "report" / "page"
VENDORED = PAGE / "vendor"
LISTED = VENDORED / "VENDORED.md"
CALLED_BY_DATA = "receiveData"
KINDS = frozenset({".js", ".ts", ".css", ".html", ".json", ".svg"})

FORBIDDEN = {
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|setHTMLUnsafe|createContextualFragment|DOMParser|srcdoc)\b": (
        "a text becomes markup"
    ),
    r"\bdocument\.write(?:ln)?\b": "a text becomes markup",
    r"\beval\s*\(|\bnew Function\b|\bFunction\s*\(": "a text becomes code",
    r"\bset(?:Timeout|Interval)\s*\(\s*[\"'`]": "a text becomes code",
    r"javascript:": "an address becomes code",
    r"setAttribute\(\s*[\"'](?:style|on\w+)": "the policy forbids it",
    r"\bfetch\s*\(|\bXMLHttpRequest\b|\bWebSocket\b|\bsendBeacon\b|\bimportScripts\b|\bimport\s*\(": (
        "it can't be done from disk"
    ),
    r"https?://(?!www\.w3\.org/)": "an address of another machine",
    r"@import\b|url\(\s*[\"']?(?!data:|#)": "a style sheet that loads",
    r"@ts-(?:ignore|nocheck|expect-error)": "types that nobody checks",
}
IN_MARKUP = {
    r"\son\w+\s*=": "an inline handler",
    r"\sstyle\s*=": "an inline style",
    r"<style\b": "an inline style sheet",
    r"<script(?![^>]*\ssrc=)": "an inline script",
}


def own_files() -> list[Path]:
    """The page's own files."""
    return sorted(file for file in PAGE.rglob("*") if file.suffix in KINDS and VENDORED not in file.parents)


def misdeeds(name: str, text: str) -> list[str]:
    """The places where a text does what no file of the page may do."""
    rules = {**FORBIDDEN, **(IN_MARKUP if name.endswith(".html") else {})}
    return [
        f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {found.group().strip()!r}: {why}"
        for rule, why in rules.items()
        for found in re.finditer(rule, text)
    ]


def test_no_file_of_the_page_makes_code_or_markup_of_texts_or_loads_anything() -> None:
    faults = [fault for file in own_files() for fault in misdeeds(file.name, file.read_text(encoding="utf-8"))]
    assert faults == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", "node.innerHTML = prompt;"),
        ("a.js", "eval (prompt)"),
        ("a.js", "const f = new Function(prompt)"),
        ("a.js", "setTimeout('go()', 1)"),
        ("a.js", "node.setAttribute('onclick', 'go()')"),
        ("a.js", "await fetch(address)"),
        ("a.js", "await import('./other.js')"),
        ("a.js", "const there = 'https://example.com/'"),
        ("a.js", "// @ts-ignore"),
        ("a.css", "@import 'other.css';"),
        ("a.css", "a { background: url('a.png') }"),
        ("a.html", '<p onclick="go()">'),
        ("a.html", "<p style='color: red'>"),
        ("a.html", "<script>go()</script>"),
    ],
)
def test_a_misdeed_is_found(name: str, text: str) -> None:
    assert misdeeds(name, text)


def test_what_is_right_is_let_be() -> None:
    svg = "document.createElementNS('http://www.w3.org/2000/svg', 'svg'); setTimeout(() => go(), 1); once(refetch)"
    assert misdeeds("a.js", svg) == []
    assert misdeeds("a.css", "a { background: url(data:image/png;base64,AA==) }") == []
    assert misdeeds("a.html", '<script defer src="page/grid.js"></script><p class="styled on">') == []


def test_vendored_files_are_listed_with_version_and_licence() -> None:
    """Code of others lies in one folder, and its list has a row for each file: name, version, licence."""
    there = {file.name for file in VENDORED.glob("*") if file != LISTED} if VENDORED.is_dir() else set()
    rows = LISTED.read_text(encoding="utf-8").splitlines() if LISTED.is_file() else []
    listed = {row.split("|")[1].strip(" `") for row in rows if re.match(r"\| `[^`|]+` \| [\d.]+ \| [\w.-]+ \|", row)}
    assert there == listed


def test_every_script_is_strict() -> None:
    strict = re.compile(r'\A(?:\s*//[^\n]*\n|\s*/\*.*?\*/)*\s*"use strict";', re.DOTALL)
    scripts = [file for file in own_files() if file.suffix == ".js"]
    assert [file.name for file in scripts if not strict.match(file.read_text(encoding="utf-8"))] == []


def test_no_two_scripts_share_a_name_at_the_top_and_each_is_used() -> None:
    """Classic scripts share one scope: the same name in two files would be one thing, or an error."""
    declared = re.compile(r"^(?:async )?(?:function\*?|const|let|class|var) +(\w+)", re.MULTILINE)
    places: dict[str, list[str]] = {}
    for file in own_files():
        if file.suffix == ".js":
            for name in declared.findall(file.read_text(encoding="utf-8")):
                places.setdefault(name, []).append(file.name)
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
    words = Counter(re.findall(r"\w+", "".join(scripts_without_comments().values())))
    assert [name for name in places if words[name] == 1] == [CALLED_BY_DATA]


def test_every_class_that_is_styled_is_one_that_elements_have() -> None:
    """Some are made of a word and a value: ``is-failed``, ``series-3``, ``status-skipped``."""
    rules = "".join(file.read_text(encoding="utf-8") for file in PAGE.glob("*.css"))
    styled = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", rules, flags=re.DOTALL)))
    made = "".join(scripts_without_comments().values()) + (PAGE / "index.html").read_text(encoding="utf-8")
    words = set(re.findall(r"[\w-]+", made))
    composed = tuple(re.findall(r"([a-z]+-)\$\{", made))
    assert {name for name in styled if name not in words and not name.startswith(composed)} == set()


def test_every_script_and_style_sheet_is_loaded_once() -> None:
    loaded = re.findall(r'(?:src|href)="page/([^"]+)"', (PAGE / "index.html").read_text(encoding="utf-8"))
    assert sorted(loaded) == sorted(file.name for file in own_files() if file.suffix in {".js", ".css"})


def scripts_without_comments() -> dict[str, str]:
    """The page's scripts by name."""
    comment = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
    scripts = (file for file in own_files() if file.suffix == ".js")
    return {file.name: comment.sub("", file.read_text(encoding="utf-8")) for file in scripts}
