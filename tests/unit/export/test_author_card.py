"""The author's words about a dataset: strictly read, with every mistake in its place."""

from pathlib import Path

import pytest

from qwave_batch.errors import SpecError, UsageError
from qwave_batch.export.author_card import NO_CARD, RAI_FIELDS, AuthorCard, Creator, read_card

LICENSE = "a license is written by its identifier, such as cc-by-4.0, or as other with license_name and license_link"
NAMED = "a license_name is for a license that has no identifier; write license: other beside it, or remove it"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return tmp_path / "card.yaml"


def read(card: Path, text: str) -> AuthorCard:
    card.write_text(text, encoding="utf-8")
    return read_card(card)


def problems(card: Path, text: str) -> list[str]:
    with pytest.raises(SpecError) as error:
        read(card, text)
    return [str(problem).removeprefix(f"{card}:") for problem in error.value.problems]


def test_what_is_said_is_taken_in_any_form_that_the_keys_allow(card: Path) -> None:
    said = read(
        card,
        "license: CC-BY-4.0\nlanguage: en\ncreators: [A, {name: B, type: organization, url: 'https://b.example/'}]\n"
        "dataBiases: [one, two]\ndataUseCases: tests\npersonalSensitiveInformation: []\npretty_name: '🎏 | \"x\"'\n",
    )
    assert (said.license, said.language, said.pretty_name) == ("cc-by-4.0", ("en",), '🎏 | "x"')
    assert said.creators == (Creator(name="A"), Creator(name="B", is_organization=True, url="https://b.example/"))
    assert said.rai == {"dataBiases": ("one", "two"), "dataUseCases": ("tests",)}


def test_what_is_missing_is_known_by_its_key(card: Path) -> None:
    assert NO_CARD.missing == (*RAI_FIELDS, "license", "creators", "url", "published")
    said = read(
        card,
        "license: other\nlicense_name: ours\npublished: 2026-11-28\n" + "".join(f"{name}: x\n" for name in RAI_FIELDS),
    )
    assert said.missing == ("creators", "url")


def test_every_mistake_is_listed_with_its_place_and_what_to_write(card: Path) -> None:
    found = problems(
        card,
        "licence: mit\npretty_name: 3\ncreators: [{nam: x}]\nurl: foo\npublished: 2026-1-1\nlanguage: [en, English]\n"
        "version: 1.0\ntags: a\ndescription: ''\nlicense: no license at all\n",
    )
    assert found == [
        '1:1  licence: unknown key "licence"; did you mean "license"?',
        '2:14  pretty_name: expected a string, found the number 3; put quotes around it: "3"',
        '3:12  creators[0]: the key "name" is missing',
        '3:13  creators[0].nam: unknown key "nam"; allowed: name, type, url, email; did you mean "name"?',
        '4:6  url: "foo": an address begins with https:// or http://',
        '5:12  published: "2026-1-1": a day is written as 2026-11-28',
        '6:16  language[1]: "English": a language is written by its code, such as en',
        '7:10  version: expected a string, found the number 1.0; put quotes around it: "1.0"',
        '8:7  tags: expected a list, found the string "a"; write a list: [a]',
        "9:14  description: the string is empty",
        f'10:10  license: "no license at all": {LICENSE}',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: the file is empty"),
        ("- a\n", "1:1: expected a mapping, found a list"),
        ("pretty_name:\n", '1:13  pretty_name: "pretty_name" has no value; give it a value, or remove the key'),
        ("published: 2026-02-30\n", '1:12  published: "2026-02-30" is not a day of the calendar'),
        ("license: mit\nlicense_name: x\n", f"2:1  license_name: {NAMED}"),
        ("pretty_name: a\\\n", None),
    ],
)
def test_other_mistakes_are_told_likewise(card: Path, text: str, said: str | None) -> None:
    if said is None:
        assert read(card, text).pretty_name == "a\\"
    else:
        assert problems(card, text) == [said]


def test_a_file_that_is_none_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the card .*nowhere can't be read: no such file"):
        read_card(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is a folder, not a file"):
        read_card(tmp_path)
    (tmp_path / "bytes").write_bytes(b"\xff\xfeo")
    with pytest.raises(SpecError, match="UTF-16"):
        read_card(tmp_path / "bytes")
