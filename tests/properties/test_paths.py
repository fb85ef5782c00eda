"""Laws of ``model/portable_paths.py``."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwave_batch.model.portable_paths import (
    MAX_COMPONENT_BYTES,
    component,
    is_git_name,
    path_fault,
    path_key,
    portable_text,
    safe_path,
)

anything = st.text(st.characters(), max_size=400) | st.text("./\\:con aNUL1é日e\u0301🍵\u0915\u093f", max_size=400)
WINDOWS = {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(10)}


@given(anything)
@example("con")
@example("NUL.tar.gz")
@example("..")
@example("")
@example("../x")
@example("a" * 149 + "日本")
@example("\ud800")
def test_a_component_is_safe_everywhere(text: str) -> None:
    name = component(text)
    assert name
    assert len(name.encode()) <= MAX_COMPONENT_BYTES
    assert not set(name) & set('/\\:*?"<>|\0\n\r\t ')
    assert name[0] != "."
    assert name[-1] != "."
    assert name.partition(".")[0].casefold() not in WINDOWS
    assert unicodedata.is_normalized("NFC", name)


@given(anything)
def test_component_is_idempotent(text: str) -> None:
    assert component(component(text)) == component(text)


@given(anything)
def test_composition_of_the_input_does_not_matter(text: str) -> None:
    assert component(unicodedata.normalize("NFD", text)) == component(unicodedata.normalize("NFC", text))


@given(anything, anything)
def test_values_cleaned_one_by_one_give_the_same_component(first: str, second: str) -> None:
    joined = f"{portable_text(first)}_{portable_text(second)}"
    assert portable_text(joined) == joined


@given(st.text(st.characters(categories=["Ll", "Lo"]), min_size=200, max_size=300), st.data())
def test_long_names_that_differ_stay_different(text: str, data: st.DataObject) -> None:
    other = text[:-1] + data.draw(st.characters(categories=["Ll"]))
    same = unicodedata.normalize("NFC", text) == unicodedata.normalize("NFC", other)
    assert (component(text) == component(other)) == same


@given(st.lists(anything, min_size=1, max_size=4))
def test_a_path_has_as_many_components_as_parts(parts: list[str]) -> None:
    assert safe_path(*parts).split("/") == [component(part) for part in parts]


@given(anything)
def test_a_path_key_ignores_case_and_composition(text: str) -> None:
    name = component(text)
    assert path_key(unicodedata.normalize("NFD", name)) == path_key(name)
    assert path_key(path_key(name)) == path_key(name)


def test_letters_of_every_script_are_kept() -> None:
    for name in ("茶館の朝", "çay-evi_2.0", "чайная", "हिन्दी", "ชา", "بيت_الشاي"):
        assert component(name) == name


def test_everything_else_becomes_a_hyphen() -> None:
    assert component("a b/c\\d:e\n🍵") == "a-b-c-d-e--"
    assert component("❤️") == "--"
    assert component("../x") == "---x"


@given(st.lists(anything, min_size=1, max_size=5), st.sampled_from(["", "_1", "_12", "-0123456789abcdef", "-2"]))
@example(["com", "1"], "_1")
@example([".git", "GIT~1", "config"], "")
@example(["x" * 400] * 5, "_12")
def test_every_path_that_this_program_makes_is_one_it_reads_back(parts: list[str], ending: str) -> None:
    assert path_fault(f"images/{safe_path(*parts)}{ending}.jpeg") is None
    assert path_fault(f"images/{safe_path(*parts)}") is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "does not begin with images/"),
        ("/images/a.png", "does not begin with images/"),
        ("image/a.png", "does not begin with images/"),
        ("images", "does not begin with images/"),
        ("images/", "is empty"),
        ("images//etc/passwd", "is empty"),
        ("images/./a.png", "is empty"),
        ("images/../.qwave/lock", "is empty"),
        ("images/a/..", "is empty"),
        ("images/a\\b.png", "backslash"),
        ("images/C:a.png", "colon"),
        ("images/a\0.png", "control"),
        ("images/a\n.png", "control"),
        ("images/a\x1b[2J.png", "control"),
        ("images/a\x9b2J.png", "control"),
        ("images/a\u202egnp.exe", "control"),
        ("images/a\u2028b.png", "control"),
        ("images/a\udc80.png", "control"),
        ("images/.git/config", "git's own folder"),
        ("images/a/.GiT", "git's own folder"),
        ("images/git~1/hooks/x.png", "git's own folder"),
        ("images/.git. /x.png", "git's own folder"),
        ("images/con.png", "Windows reserves"),
        ("images/NUL/a.png", "Windows reserves"),
        ("images/com¹.png", "Windows reserves"),
        ("images/aux .png", "Windows reserves"),
        ("images/" + "x" * 256, "255 bytes"),
        ("images/" + "x/" * 2100 + "a.png", "4,096 bytes"),
    ],
)
def test_a_path_that_this_program_never_made_has_a_fault(path: str, reason: str) -> None:
    fault = path_fault(path)
    assert fault is not None
    assert re.search(reason, fault)


@pytest.mark.parametrize(
    "name",
    [".git", ".GIT", ".Git", ".git.", ".git ", ".git . .", "git~1", "GIT~2", ".g\u200cit", ".git\ufeff", ".git::$DATA"],
)
def test_every_spelling_that_some_file_system_takes_for_git_is_known(name: str) -> None:
    assert is_git_name(name)


@pytest.mark.parametrize("name", [".github", ".gitignore", "git", "my.git", "git~", "gitx~1", "a.git.png"])
def test_names_that_only_look_like_git_are_plain_names(name: str) -> None:
    assert not is_git_name(name)
