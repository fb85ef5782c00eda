"""Jobs of a folder that differ from others in their seed alone."""

from dataclasses import replace

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import ImageFile
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.reproducing.control_search import ControlSearch
from tests.manifest_lines import PLAIN_LINE


def line(name: str, *, model: str = "m", **request: Json) -> ManifestLine:
    image = ImageFile(path=name, sha256=name, size_bytes=1, width=1, height=1, format="png", source_url="")
    return replace(PLAIN_LINE, job_id=name, model=model, request=request, images=(image,))


def found(wanted: list[ManifestLine], offered: list[ManifestLine]) -> list[tuple[str, str]]:
    search = ControlSearch()
    for each in wanted:
        search.want(each)
    for each in offered:
        search.offer(each)
    return [(pair.one.path, pair.other.path) for pair in search.pairs()]


def test_the_first_other_seed_of_the_same_request_is_the_partner() -> None:
    folder = [line("a", seed=1), line("b", seed=2), line("c", seed=3)]
    assert found(folder[:1], folder) == [("a", "b")]


def test_another_field_model_or_prompt_is_not_a_partner() -> None:
    others = [
        line("b", seed=2, size="1K"),
        line("c", seed=2, model="other"),
        replace(line("d", seed=2), prompt="Another"),
        replace(line("e", seed=2), images=()),
        line("f"),
        line("g", seed=1),
    ]
    assert found([line("a", seed=1)], others) == []


def test_each_job_has_one_partner_and_partners_may_be_wanted_themselves() -> None:
    folder = [line("a", seed=1), line("b", seed=2)]
    assert found(folder, folder) == [("b", "a"), ("a", "b")]
