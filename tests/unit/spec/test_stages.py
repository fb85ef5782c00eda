"""The stages of a spec: each is a spec of its own, and mistakes are told with their places."""

from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.model.planned_stage import ParentPick
from qwave_batch.spec.document import Spec, SpecStage
from qwave_batch.spec.loading import load_spec, read_spec

Load = Callable[..., Spec]
Read = Callable[..., list[str]]

HEAD = "version: 1\nname: night-market\ncatalog: 2026-05\n"
MARKET = (
    HEAD
    + """\
vars: {medium: ink}
request: {n: 1, negative_prompt: text}
matrix: {aspect_ratio: ["1:1"]}
stages:
  - name: poster
    from_stage: night
    matrix: {model: [doubao-seedream-4.5]}
  - name: draft
    prompts: [{id: stall, text: "A noodle stall, {{ medium }}"}, An old alley]
    matrix: {model: [z-image-turbo], seed: [1, 2]}
  - name: night
    from_stage: draft
    where: |
      {{ parent.axes.seed == 1 }}
    pick: {n: 1, by: rating, per: [prompt, seed], lowest: true}
    text: "{{ parent.prompt }}, at night"
    tags: [dark]
    vars: {medium: oil}
    request: {action: edit, negative_prompt: null, image_urls: ["{{ parent.image }}"]}
    matrix: {aspect_ratio: null, model: [gpt-image-2, wan2.7-image]}
"""
)


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """All problems of a spec, as a person reads them."""
    monkeypatch.chdir(tmp_path)

    def read(text: str, *overrides: str) -> list[str]:
        Path("spec.yaml").write_text(text)
        reading = read_spec("spec.yaml", overrides=overrides)
        return [str(problem) for problem in (*reading.problems, *reading.warnings)]

    return read


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load(text: str, *overrides: str) -> Spec:
        (tmp_path / "spec.yaml").write_text(text)
        return load_spec(tmp_path / "spec.yaml", overrides=overrides)

    return load


@pytest.fixture
def market(load: Load) -> dict[str, SpecStage]:
    return {stage.name: stage for stage in load(MARKET).stages}


def test_stages_stand_with_parents_first_and_else_as_written(load: Load) -> None:
    spec = load(MARKET)
    assert [(stage.name, stage.position, stage.from_stage) for stage in spec.stages] == [
        ("draft", 1, None), ("night", 2, "draft"), ("poster", 0, "night"),
    ]  # fmt: skip
    assert (spec.prompts, spec.matrix.axes) == ((), ())


def test_a_block_is_laid_over_what_stands_outside(market: dict[str, SpecStage]) -> None:
    night = market["night"].spec
    assert (night.vars, [axis.name for axis in night.matrix.axes]) == ({"medium": "oil"}, ["model"])
    assert night.request == {
        "n": 1, "negative_prompt": None, "action": "edit", "image_urls": ["{{ parent.image }}"],
    }  # fmt: skip
    assert [axis.name for axis in market["poster"].spec.matrix.axes] == ["aspect_ratio", "model"]
    assert market["draft"].spec.name == "night-market"


def test_its_own_keys_say_where_its_jobs_come_from(market: dict[str, SpecStage]) -> None:
    night = market["night"]
    assert night.where == "{{ parent.axes.seed == 1 }}"
    assert night.pick == ParentPick(n=1, by="rating", per=("prompt", "seed"), lowest=True)


def test_the_keys_of_a_prompt_make_its_only_prompt(market: dict[str, SpecStage]) -> None:
    (night,), (poster,) = market["night"].spec.prompts, market["poster"].spec.prompts
    assert (night.position, night.is_short, night.text, night.tags) == (
        0,
        False,
        "{{ parent.prompt }}, at night",
        ("dark",),
    )
    assert (poster.text, poster.id) == (None, None)


@pytest.mark.parametrize(
    ("stage", "path", "said", "line"),
    [
        ("night", ("prompts", 0, "text"), "stages[2].text", 19),
        ("night", ("prompts", 0), "stages[2]", 14),
        ("night", ("request", "action"), "stages[2].request.action", 22),
        ("night", ("request", "n"), "request.n", 5),
        ("night", ("where",), "stages[2].where", 16),
        ("night", ("limits",), "stages[2].limits", 14),
        ("draft", ("prompts", 1), "stages[1].prompts[1]", 12),
        ("poster", ("matrix", "aspect_ratio", 0), "matrix.aspect_ratio[0]", 6),
    ],
)
def test_a_place_in_a_stage_is_that_in_the_file(
    market: dict[str, SpecStage], stage: str, path: tuple[str | int, ...], said: str, line: int
) -> None:
    places = market[stage].spec.source_map
    assert (places.path_text(path), places.place(path).line) == (said, line)


def test_prompts_outside_are_those_of_stages_without_a_parent(load: Load) -> None:
    a, b = load(f"{HEAD}prompts: [x]\nstages:\n  - name: a\n  - {{name: b, from_stage: a}}\n").stages
    assert [prompt.text for prompt in (*a.spec.prompts, *b.spec.prompts)] == ["x", None]


def test_each_parent_may_meet_each_row_of_a_table(load: Load, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("c\n1\n2\n")
    spec = load(
        f"{HEAD}prompts: [x]\nstages:\n  - name: a\n"
        "  - {name: b, from_stage: a, prompts: [{from: t.csv, text: y}]}\n"
    )
    (entry,) = spec.stages[1].spec.prompts
    assert entry.table is not None
    assert set(spec.files_read) == {"t.csv"}


def test_a_stage_is_overridden_by_its_number(load: Load) -> None:
    spec = load(MARKET, "stages.1.matrix.seed=[7]", "stages[2].text=A dog", "matrix.aspect_ratio=[16:9]")
    draft, night, poster = spec.stages
    assert (draft.spec.matrix.axes[-1].values, night.spec.prompts[0].text) == ((7,), "A dog")
    assert poster.spec.matrix.axes[0].values == ("16:9",)


def test_a_stage_that_is_overridden_by_name_is_told_its_number(told: Read) -> None:
    assert told(MARKET, "stages.night.text=x")[0].endswith('"night" is not an index; write stages.2')


def test_stages_come_from_the_base_and_are_replaced_as_a_list(load: Load, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(MARKET)
    assert len(load("extends: base.yaml\nrequest: {n: 2}\n").stages) == 3
    spec = load("extends: base.yaml\nstages: [{name: only, prompts: [x]}]\n")
    assert [(one.name, one.spec.request["n"]) for one in spec.stages] == [("only", 1)]


STAGES = HEAD + "stages:\n  - {name: draft, prompts: [x]}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "stages: []", "4:9  stages: the list is empty; add at least one item, or remove the key"),
        (HEAD + "stages: [7]", "4:10  stages[0]: expected a mapping, found the number 7"),
        (HEAD + "stages: [{prompts: [x]}]", '4:10  stages[0]: the key "name" is missing; add name: draft'),
        (
            HEAD + "stages: [{name: a.b, prompts: [x]}]",
            ('4:17  stages[0].name: "a.b": the name of a stage has lower-case letters and digits, with - or _ between '
            'them; such as "a-b"'),
        ),
        (
            HEAD + "stages: [{name: a}]",
            "4:10  stages[0]: the stage has neither prompts nor from_stage, so it makes nothing; add prompts",
        ),
        (
            STAGES + "  - {name: draft, prompts: [y]}",
            '6:12  stages[1].name: the name "draft" is already used at spec.yaml:5:12',
        ),
        (
            STAGES + "  - {name: b, from_stage: drafts}",
            '6:27  stages[1].from_stage: there is no stage "drafts"; did you mean "draft"?',
        ),
        (
            STAGES + "  - {name: b, from_stage: b}",
            (
                '6:27  stages[1].from_stage: the stage "b" cannot be its own parent; name another stage, or start '
                "from prompts"
            ),
        ),
        (
            STAGES + "  - {name: b, from_stage: c}\n  - {name: c, from_stage: b}",
            ("6:27  stages[1].from_stage: the stages follow from each other in a cycle: b -> c -> b; "
            "start one of them from prompts"),
        ),
        (
            STAGES + '  - {name: b, prompts: [y], where: "{{ true }}"}',
            '6:29  stages[1].where: "where" needs a parent, but the stage has no from_stage; add from_stage',
        ),
        (
            STAGES + "  - {name: b, prompts: [y], text: z}",
            ('6:29  stages[1].text: "text" needs a parent, but the stage has no from_stage; add from_stage, or write '
            "the prompts under prompts"),
        ),
        (
            STAGES + "  - {name: b, from_stage: draft, prompts: [y], text: z}",
            "6:48  stages[1].text: prompts and text cannot be used together; choose one",
        ),
        (
            STAGES + "  - {name: b, from_stage: draft, budget: {max_usd: 3}}",
            ('6:34  stages[1].budget: "budget" holds for the whole spec, so a stage cannot have its own; '
            "write budget outside of stages"),
        ),
        (
            STAGES + "  - {name: b, needs: draft}",
            ('6:15  stages[1].needs: unknown key "needs"; allowed: name, from_stage, vars, request, prompts, matrix, '
            'sample, repeat, images, duplicates, unsupported; did you mean "from_stage"?'),
        ),
        (
            STAGES + '  - {name: b, from_stage: draft, text: "{{ parent. }}"}',
            "6:40  stages[1].text: the template does not parse: expected name or number",
        ),
        (
            HEAD + "images: 2\nstages:\n  - {name: draft, prompts: [x], repeat: 2}",
            ("6:33  stages[0].repeat: images and repeat both say how often a request is made; take one of the two out: "
            "with images, a request is made again until there are so many"),
        ),
        (
            HEAD + "matrix: {seed: {start: 1, count: 2}}\nstages:\n"
            "  - {name: a, prompts: [x], matrix: {seed: {random: {count: 2}}}}",
            '4:17  matrix.seed.start: "start" cannot be combined with random or from',
        ),
        (
            HEAD + "matrix: {seed: 3}\n" + STAGES[len(HEAD):],
            "4:16  matrix.seed: expected a list or a mapping or a string, found the number 3; write a list: [3]",
        ),
        (
            HEAD + "prompts: [y]\n" + STAGES[len(HEAD):],
            ("4:1  prompts: no stage makes these prompts: each has its own, or those of its parents; "
            "move them into the stage that they are for, or take them out"),
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_once_with_its_place(told: Read, text: str, said: str) -> None:
    found = told(text)
    assert f"spec.yaml:{said}" in found
    assert len([line for line in found if "missing" not in line and "combined" not in line]) <= 1


def test_too_many_stages_are_refused_at_once(told: Read) -> None:
    stages = "".join(f"  - {{name: s{number}, prompts: [x]}}\n" for number in range(51))
    assert told(f"{HEAD}stages:\n{stages}") == ["spec.yaml:5:3  stages: it has 51 items; at most 50 fit"]


def test_a_faulty_stage_leaves_the_others_to_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(
        f"{STAGES}  - {{name: b, from_stage: draft, pick: 3}}\n  - {{name: c, from_stage: b}}\n"
        "  - {name: d, from_stage: draft, tags: 3, request: {n: '{{ }}'}}\n"
    )
    reading = read_spec("spec.yaml")
    assert reading.spec is not None
    assert [stage.name for stage in reading.spec.stages] == ["draft", "d"]
    assert reading.spec.stages[1].spec.prompts[0].tags == ()
    assert reading.is_partial


def test_a_spec_of_faulty_stages_alone_cannot_be_used(load: Load) -> None:
    with pytest.raises(SpecError, match="neither prompts nor from_stage"):
        load(f"{HEAD}stages: [{{name: a}}]")
