"""Names that a stranger chose, where people and machines read what is printed: terminals, CI logs, pull requests."""

import json
import re
import unicodedata
from io import StringIO
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.plan_markdown import escaped
from qwave_batch.cli.drawing.problems import draw_annotations, draw_problems
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import LONGEST, safe, wrap
from qwave_batch.cli.main import main
from qwave_batch.model.problem import Problem, SourcePlace

NASTY = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e|`<script>alert(1)</script>`\r\n::error title=x::y\n"
    "@octocat #12 https://evil.example ##[add-mask]x ##vso[task.setvariable variable=a]b <!-- [x](javascript:1)"
)
COMMAND = re.compile(r"^\s*::[a-z]|##(\[|vso\[|teamcity\[)", re.IGNORECASE | re.MULTILINE)
"""Strings that GitHub, Azure and TeamCity interpret as commands."""
STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}

chunks = st.lists(st.sampled_from(["::", "error", " ", "##", "[", "vso[", "\n", "\x1b", "a", ":", "#", "\u2028"]))


def steers(text: str) -> bool:
    return any(unicodedata.category(character) in STEERING for character in text if character != "\n")


@given(chunks.map("".join) | st.text(), st.integers(5, 40))
def test_no_text_is_a_command_however_its_lines_are_broken(text: str, width: int) -> None:
    drawn = "\n".join(wrap(safe(text), width, hang="  "))
    assert not COMMAND.search(drawn)


def test_words_that_only_look_like_commands_stay_readable() -> None:
    for text in ("fe80::1", "std::string", "## a heading", "[::1]:8080", "a :: b"):
        assert safe(text) == text


def spec_of(folder: Path, body: str) -> Path:
    spec = folder / "spec.yaml"
    spec.write_text(f'version: 1\nname: nasty\ncatalog: "2026-05"\n{body}', encoding="utf-8")
    return spec


def printed(*argv: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    main(argv, out, err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A spec that is wrong in ways whose messages repeat what stands in it."""
    nasty = json.dumps(NASTY)
    prompts = f"[{{id: {nasty}, text: x}}, {{id: {nasty}, text: y}}]"
    return spec_of(tmp_path, f"{nasty}: 1\nprompts: {prompts}\nrequest: {{{nasty}: 1, model: {nasty}}}\n")


@pytest.mark.parametrize("form", ["text", "github", "json"])
def test_what_validate_prints_steers_nothing(broken: Path, form: str) -> None:
    out, err = printed("validate", str(broken), "--format", form)
    assert "octocat" in out + err
    assert not steers(out + err)
    commands = [line for line in (out + err).splitlines() if COMMAND.search(line)]
    assert len(commands) == (len(out.splitlines()) if form == "github" else 0)
    assert all(re.match(r"::(error|warning) file=", line) for line in commands)
    assert not re.search(r"##(\[|vso\[)", out + err)
    if form == "json":
        assert any(problem["value"] == NASTY for problem in json.loads(out))


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A spec that is right, with nasty names."""
    nasty = json.dumps(NASTY)
    body = (
        f"prompts: [{{id: {nasty}, text: 'x {{{{ look }}}}'}}]\n"
        f"matrix: {{model: [gpt-image-2, imagen-4.0], look: [{nasty}, b], resolution: [1K, 0.5K]}}\nunsupported: skip\n"
    )
    return spec_of(tmp_path, body)


@pytest.mark.parametrize("more", [[], ["--matrix"], ["--format", "markdown", "--matrix"], ["--json"]])
def test_what_plan_prints_steers_nothing(plan: Path, tmp_path: Path, more: list[str]) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(plan.read_text(encoding="utf-8").replace("text: 'x", "text: 'z"), encoding="utf-8")
    out, err = printed("plan", str(plan), "--against", str(other), *more)
    assert "owned" in out
    assert not steers(out + err)
    assert not COMMAND.search(out + err)


def test_markdown_of_a_plan_holds_no_markup_mention_or_link_of_a_strangers(plan: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(plan.read_text(encoding="utf-8").replace("text: 'x", "text: 'z"), encoding="utf-8")
    out, _ = printed("plan", str(plan), "--against", str(other), "--format", "markdown", "--matrix")
    bare = re.sub(r"\\[\\`*_{}\[\]<>|#~&!@$]", "", out)  # without what is escaped
    assert not re.search(r"<(?!/?(details|summary)>)", bare)
    assert "`" not in bare
    assert not re.search(r"@\w|(?<!&)#\d|https?://|www\.", out)
    assert "](" not in bare
    for is_table, block in groupby(bare.splitlines(), key=lambda line: line.startswith("|")):
        assert not is_table or len({line.count("|") for line in block}) == 1


@given(st.text(), st.text())
def test_escaped_markdown_is_one_line_without_a_bare_sign(before: str, after: str) -> None:
    shown = escaped(f"{before}`<|@{after}")
    assert "\n" not in shown
    assert not re.search(r"[`<>|@\[\]*_]", re.sub(r"\\[^\n]", "", shown))


def test_a_message_of_megabytes_is_cut_before_it_is_drawn() -> None:
    problem = Problem(message="x" * 50_000_000, place=SourcePlace("a.yaml"), suggestion="y" * 50_000_000)
    drawn = "\n".join([*draw_problems([problem], Terminal()), *draw_annotations([problem])])
    assert len(drawn) < 10 * LONGEST
    assert "50,000,000 characters in all" in drawn


def test_lines_of_an_annotation_stay_lines() -> None:
    [line] = draw_annotations([Problem(message="a\nb 100%\r::error::c", place=SourcePlace("a,b:c.yaml"))])
    assert line == "::error file=a%2Cb%3Ac.yaml,line=1,col=1,title=spec::a%0Ab 100%25\\r::error::c"


def test_json_is_the_same_json_with_its_signs_escaped() -> None:
    out = StringIO()
    value: dict[str, object] = {"a": f"{NASTY}\x7f\x85\u2028\u2066茶 é"}
    Console(stdout=out, stderr=StringIO()).print_json(value)  # type: ignore[arg-type]
    assert json.loads(out.getvalue()) == value
    assert not steers(out.getvalue())
    assert "茶 é" in out.getvalue()
