"""Laws of ``model/paths.py``."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from qwave_batch.model.paths import MAX_COMPONENT_BYTES, component, path_key, plain, safe_path

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
    joined = f"{plain(first)}_{plain(second)}"
    assert plain(joined) == joined


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
