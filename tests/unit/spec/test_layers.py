"""A spec may start from another one, and be changed on the command line."""

# ruff: noqa: E501  # a sentence that is compared whole stands in one piece

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.model.problem import SourcePlace
from qwave_batch.spec.document import Spec

Load = Callable[..., Spec]
Complain = Callable[..., list[str]]

BASE = """\
version: 1
name: base
catalog: "2026-05"
vars: {medium: ink, season: autumn}
request: {n: 1, action: generate}
prompts: [one, two]
matrix:
  seed: [1, 2]
  model: [a]
"""
OVER = """\
extends: base.yaml
name: over
vars: {medium: oil, more: yes}
prompts: [three]
matrix:
  model: [b, c]
  style: [x]
"""


def test_mappings_merge_and_lists_are_replaced(load: Load, folder: Path) -> None:
    spec = load(OVER, head=False, files={"base.yaml": BASE})
    assert spec.name == "over"
    assert spec.vars == {"medium": "oil", "season": "autumn", "more": "yes"}
    assert spec.request == {"n": 1, "action": "generate"}
    assert [prompt.text for prompt in spec.prompts] == ["three"]
    assert [(axis.name, axis.values) for axis in spec.matrix.axes] == [
        ("seed", (1, 2)),
        ("model", ("b", "c")),
        ("style", ("x",)),
    ]
    assert dict(spec.files_read) == {"base.yaml": (folder / "base.yaml").resolve()}


def test_places_point_into_the_file_that_says_it(load: Load, folder: Path) -> None:
    marks = load(OVER, head=False, files={"base.yaml": BASE}).source_map
    assert marks.place(("vars", "season")) == SourcePlace(str(folder / "base.yaml"), 4, 29)
    assert marks.place(("vars", "medium")) == SourcePlace(str(folder / "spec.yaml"), 3, 16)
    assert marks.key_place(("request",)) == SourcePlace(str(folder / "base.yaml"), 5, 1)


def test_a_mistake_in_the_base_is_shown_there(complain: Complain) -> None:
    files = {"base.yaml": BASE.replace("{n: 1", '{n: "{{ x"').replace("seed: [1, 2]", "seed: []")}
    assert complain(OVER, head=False, files=files) == [
        "base.yaml:5:14  request.n: the template does not parse: unexpected end of template, expected }}",
        "base.yaml:8:9  matrix.seed: the list is empty; add at least one item, or remove the key",
    ]


def test_bases_have_bases(load: Load) -> None:
    files = {"base.yaml": BASE.replace("name: base\n", "extends: root.yaml\n"), "root.yaml": "name: root\nrepeat: 3\n"}
    spec = load("extends: base.yaml\n", head=False, files=files)
    assert (spec.name, spec.repeat) == ("root", 3)
    assert len(spec.files_read) == 2


@pytest.mark.parametrize(
    ("text", "files", "said"),
    [
        ("extends: spec.yaml\n", {}, "spec.yaml:4:10  extends: the files extend each other in a cycle: spec.yaml -> spec.yaml; remove extends from one of them"),
        ("extends: a.yaml\n", {"a.yaml": "extends: spec.yaml\n"},
         "a.yaml:1:10  extends: the files extend each other in a cycle: spec.yaml -> a.yaml -> spec.yaml; remove extends from one of them"),
        ("extends: ../a.yaml\n", {}, 'spec.yaml:4:10  extends: "../a.yaml" is outside the spec\'s folder'),
        ("extends: no.yaml\n", {}, 'spec.yaml:4:10  extends: "no.yaml" does not exist'),
        ("extends: 5\n", {}, "spec.yaml:4:10  extends: expected a string, found the number 5"),
        ("extends: a.yaml\n", {"a.yaml": "a: [\n"}, "a.yaml:2:1: the file ends inside brackets"),
        ("extends: a.yaml\n", {"a.yaml": "- x\n"}, "a.yaml:1:1: expected a mapping, found a list"),
    ],
)  # fmt: skip
def test_a_base_that_cannot_be_taken(complain: Complain, text: str, files: dict[str, str], said: str) -> None:
    lines = complain(text + "prompts: [x]\n", files=files)
    assert [line[: len(said)] for line in lines] == [said]


def test_a_long_chain_of_bases_ends(complain: Complain) -> None:
    files = {f"b{i}.yaml": f"extends: b{i + 1}.yaml\n" for i in range(30)}
    assert complain("prompts: [x]\nextends: b0.yaml\n", files=files) == [
        "b18.yaml:1:10  extends: the chain of extends is longer than 20 files"
    ]


@pytest.mark.parametrize(
    ("override", "check"),
    [
        ("repeat=3", lambda spec: spec.repeat == 3),
        ("name=other", lambda spec: spec.name == "other"),
        ("request.seed=7", lambda spec: spec.request == {"seed": 7}),
        ("prompts.0.text=A dog", lambda spec: spec.prompts[0].text == "A dog"),
        ("prompts[0].text=A dog", lambda spec: spec.prompts[0].text == "A dog"),
        ("prompts.1=Two dogs", lambda spec: spec.prompts[1].text == "Two dogs"),
        ("matrix.seed=[1, 2]", lambda spec: spec.matrix.axes[0].values == (1, 2)),
        ("matrix.aspect_ratio=[16:9]", lambda spec: spec.matrix.axes[0].values == ("16:9",)),
        ('matrix."request.seed"=[1]', lambda spec: spec.matrix.axes[0].name == "request.seed"),
        ("vars={a: 1}", lambda spec: spec.vars == {"a": 1}),
        ("vars.a=b=c", lambda spec: spec.vars == {"a": "b=c"}),
        ('vars.a=""', lambda spec: spec.vars == {"a": ""}),
        ("vars.a='{{ 1 }}'", lambda spec: spec.vars == {"a": "{{ 1 }}"}),
        ("limits.models.m.concurrency=2", lambda spec: spec.terms.limits.models["m"].concurrency == 2),
        ("catalog=2026-05", lambda spec: spec.catalog == "2026-05"),
    ],
)
def test_an_override_sets_what_it_names(load: Load, override: str, check: Callable[[Spec], bool]) -> None:
    spec = load("prompts: [{text: A cat}, Two cats]\n", overrides=[override])
    assert check(spec)
    assert spec.overrides == (override,)


def test_the_last_override_wins(load: Load) -> None:
    assert load("prompts: [x]\n", overrides=["repeat=2", "repeat=3"]).repeat == 3


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("repeat", '--set:1:7: "repeat" is not a valid override; write path.to.key=value, such as prompts.0.text=A cat'),
        ("=3", '--set:1:1: "=3" is not a valid override; write path.to.key=value, such as prompts.0.text=A cat'),
        ("a..b=3", '--set:1:3: "a..b=3" is not a valid override; write path.to.key=value, such as prompts.0.text=A cat'),
        ("repeat=", '--set:1:8: there is no value after the =; write "" for an empty string'),
        ("repeat=many", '--set:1:8  repeat: expected a whole number, found the string "many"'),
        ("repaet=3", '--set:1:1  repaet: unknown key "repaet"; did you mean "repeat"?'),
        ("prompts.5=x", "--set:1:1: prompts has no item 5; it has 2, counting from 0"),
        ("prompts.cat.text=x", '--set:1:1: prompts is a list, and "cat" is not an index; write prompts.1'),
        ("prompts.dog.text=x", '--set:1:1: prompts is a list, and "dog" is not an index; use an index, counting from 0'),
        ("prompts.0.text=x", '--set:1:1: prompts[0] is a string and has no key "text"'),
        ("vars.a={{ x }}", '--set:1:8  vars.a: a template that begins with {{ needs quotes; write "{{ x }}"'),
        ("vars.a=[1", "--set:1:8  vars.a: the [ opened here is not closed, or a comma is missing"),
        ("vars.a=b: c: d", '--set:1:12  vars.a: an unquoted string cannot contain ": "; put quotes around the whole string'),
        ("extends=a.yaml", "--set:1:1: an override cannot change extends, which is followed before any override is applied; change it in the spec"),
        ("repeat=1e400", "--set:1:8  repeat: 1e400 is too large for a JSON number; put quotes around it if it is not a number"),
        ("name=a\0b", "--set:1:7  name: the character U+0000 is not allowed in a YAML file; remove it"),
        ("name=\udcff", "--set:1:1: the argument is not UTF-8"),
    ],
)  # fmt: skip
def test_an_override_that_cannot_be_made(complain: Complain, override: str, said: str) -> None:
    assert complain("prompts: [x, {id: cat, text: y}]\n", overrides=[override]) == [said]


def test_every_bad_override_is_named_by_its_number(complain: Complain) -> None:
    said = complain("prompts: [x]\n", overrides=["repeat=0", "timeout=2", "budget.max_usd=x"])
    assert said == [
        "--set:1:8  repeat: 0 is below the minimum 1",
        '--set:3:16  budget.max_usd: expected a number, found the string "x"',
    ]


def test_an_override_may_mend_what_it_replaces(load: Load) -> None:
    assert load("prompts: [x]\nrepeat: 0\n", overrides=["repeat=2"]).repeat == 2


def test_the_hash_is_that_of_the_file_while_the_file_is_all(load: Load) -> None:
    spec = load("prompts: [x]\n")
    assert spec.sha256 == hashlib.sha256(spec.source).hexdigest()


def test_the_hash_covers_bases_and_overrides(load: Load) -> None:
    spec = load(OVER, head=False, files={"base.yaml": BASE}, overrides=["repeat=2"])
    parts = [("spec", OVER.encode()), ("base", BASE.encode()), ("set", b"repeat=2")]
    expected = b"".join(f"{kind} {len(part)}\n".encode() + part for kind, part in parts)
    assert spec.sha256 == hashlib.sha256(expected).hexdigest()
    assert spec.sha256 != load(OVER, head=False, overrides=["repeat=3"]).sha256
    assert spec.sha256 != load(OVER, head=False).sha256
