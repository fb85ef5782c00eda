"""One contract for all scorers: those that are built in, a plug-in, and a command."""

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

import tests.scoring_command
from qwave_batch.api.scorer_choice import BUILT_IN, ScorerChoice, ScorerSetup
from qwave_batch.client.connection import Simulated
from qwave_batch.folders import LineFilter
from qwave_batch.model.clock import SystemClock
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.scores import Item, Score, ScoreError, Scorer, ScoreRequest, list_scorers, score_folders
from qwave_batch.scoring.answer_check import answers_of
from qwave_batch.scoring.score_items import ItemLoader, ItemMaker
from qwave_batch.scoring.score_lines import encode_kept_line, kept_line_from_json, scorer_line

PLUG_IN = """
from qwave_batch.scores import Level, Need, Output, Score

class Words:
    name, version, level, needs, batch, price = "words", "1", Level.IMAGE, frozenset({Need.PROMPT}), 3, None
    outputs = {"words": Output((0, None))}
    def __init__(self, params):
        self.params = params
    def score(self, items):
        return [Score({"words": len(item.prompt.split())}) for item in items]
"""
COMMAND = {
    "name": "sizes",
    "version": "1",
    "needs": ["prompt"],
    "outputs": {"bytes": {"range": [1, None]}, "words": {}},
    "command": [sys.executable, tests.scoring_command.__file__],
    "batch": 4,
}
OCR = pytest.param("ocr", marks=pytest.mark.skipif(find_spec("rapidocr") is None, reason="without the extra ocr"))
EVERY = [*(OCR if name == "ocr" else name for name in BUILT_IN), "words", "sizes.yaml"]


@pytest.fixture(params=EVERY)
def scorer_name(request: pytest.FixtureRequest, tmp_path: Path, plug_ins: Path) -> str:
    """The name of each scorer, which can be chosen here."""
    (plug_ins / "plugged_words.py").write_text(PLUG_IN)
    (plug_ins / "plug.dist-info" / "entry_points.txt").write_text(
        "[qwave_batch.scorers]\nwords = plugged_words:Words\n"
    )
    (tmp_path / "sizes.yaml").write_text(json.dumps(COMMAND))
    named = str(request.param)
    return str(tmp_path / named) if named.endswith(".yaml") else named


@pytest.fixture
def scorer(scorer_name: str, six_pictures: Path) -> Iterator[Scorer]:
    with open_folder(six_pictures) as reader:
        setup = ScorerSetup(layout=reader.layout, connection=Simulated(), clock=SystemClock())
        made = ScorerChoice(scorer_name, {}).make(setup)
    assert isinstance(made, Scorer)
    with made if isinstance(made, AbstractContextManager) else nullcontext():
        yield made


def items_of(folder: Path, scorer: Scorer) -> list[Item]:
    with open_folder(folder) as reader:
        maker, loader = ItemMaker(reader, scorer.needs), ItemLoader(reader)
        items = [
            loader.load(item) for line in reader.lines() for item in maker.items_of(line) if isinstance(item, Item)
        ]
    return [item for item in items if isinstance(item, Item)]


def test_facts_come_back_from_their_line(scorer: Scorer) -> None:
    line = scorer_line(scorer)

    assert kept_line_from_json(json.loads(encode_kept_line(line))) == line


def test_answers_come_in_the_order_of_the_items(scorer: Scorer, six_pictures: Path) -> None:
    items = items_of(six_pictures, scorer)[:2]

    whole = answers_of(scorer, items)

    assert all(isinstance(outcome, Score) for outcome in whole)
    assert answers_of(scorer, items[1:]) == whole[1:]


def test_bytes_that_are_not_an_image_are_an_error_or_a_score_and_never_an_exception(
    scorer: Scorer, six_pictures: Path
) -> None:
    item, other = items_of(six_pictures, scorer)[:2]
    broken = replace(item, file=replace(item.file, data=b"not an image"))
    found = answers_of(scorer, [broken, other])

    assert isinstance(found[0], Score | ScoreError)
    assert isinstance(found[1], Score)


def test_a_folder_is_scored_once(scorer_name: str, six_pictures: Path) -> None:
    one = LineFilter(where=lambda line: line.index == 0 and line.prompt_id == "p" and line.model == "a")
    request = ScoreRequest(folders=[six_pictures], scorer=scorer_name, where=one)

    assert score_folders(request).folders[0].counts.scored == 1
    assert score_folders(request).folders[0].counts.kept == 1


BROKEN = """
from qwave_batch.scores import Level, Output
class Bad:
    name, version, level, needs, batch, price = "bad", "1", Level.IMAGE, frozenset(), 1, None
    outputs, params = {"one": Output()}, {}
    def __init__(self, params): self.__dict__.update(CHANGES)
    def score(self, items): return []
"""


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nowhere_at_all", "can't be loaded: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("raise SystemError('no driver')", "can't be loaded: SystemError: no driver"),
        ("Bad = 5", "can't be loaded: TypeError"),
        ("def Bad(params): return object()", "is not a scorer: it has no name"),
        (BROKEN.replace("CHANGES", "{'name': 'Bad name'}"), "its name is 'Bad name', and a name is small letters"),
        (BROKEN.replace("CHANGES", "{'level': 'film'}"), "its level is 'film', not one of image, pair, set"),
        (BROKEN.replace("CHANGES", "{'needs': {'luck'}}"), "it needs 'luck', and items have prompt"),
        (BROKEN.replace("CHANGES", "{'outputs': {}}"), "it states no outputs"),
        (BROKEN.replace("CHANGES", "{'outputs': {'one': 1}}"), "its output one is 1, not an Output"),
        (BROKEN.replace("CHANGES", "{'batch': 0}"), "its batch is 0, not a number of 1 or more"),
        (BROKEN.replace("CHANGES", "{'params': {'a': float('nan')}}"), "its params are not JSON"),
        (BROKEN.replace("def score", "def rate").replace("CHANGES", "{}"), "it has neither score nor score_all"),
    ],
)
def test_a_broken_plug_in_is_named_and_hinders_no_other(
    code: str, message: str, plug_ins: Path, six_pictures: Path
) -> None:
    name = f"plugged_{abs(hash(code))}"
    (plug_ins / f"{name}.py").write_text(code)
    (plug_ins / f"{name}_fine.py").write_text(PLUG_IN)
    (plug_ins / "plug.dist-info" / "entry_points.txt").write_text(
        f"[qwave_batch.scorers]\nbad = {name}:Bad\nfine = {name}_fine:Words\n"
    )
    faults = {listed.name: (listed.origin, listed.fault) for listed in list_scorers()}

    assert faults["bad"][0] == "plug 3"
    assert message in str(faults["bad"][1])
    assert faults["fine"] == ("plug 3", None)
    assert score_folders(ScoreRequest(folders=[six_pictures], scorer="fine")).is_complete
