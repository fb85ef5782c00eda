from io import BytesIO, StringIO, TextIOWrapper

import pytest

from qwave_batch.cli.drawing.amounts import count, duration, usd
from qwave_batch.cli.drawing.problems import draw_annotations, draw_problems
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cells
from qwave_batch.model.problem import Problem, SourcePlace

ROOM = Problem(
    message='"8:1" is not offered by imagen-4.0',
    path="matrix.aspect_ratio[2]",
    place=SourcePlace("specs/茶.yaml", 14, 18),
    value="8:1",
    allowed=("1:1", "4:3", "3:4", "16:9", "9:16"),
    suggestion='did you mean "16:9"?',
)
HINT = Problem(message="exclude matches nothing", place=SourcePlace("a.yaml", 3), severity="warning", count=1200)


class FakeTty(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("nusd", "shown"),
    [
        (0, "0.00 USD"),
        (6_375_000, "0.006375 USD"),
        (12_500_000_000, "12.50 USD"),
        (50_000_000, "0.05 USD"),
        (1_234_567_890_000, "1,234.57 USD"),
    ],
)
def test_money_keeps_the_digits_that_matter(nusd: int, shown: str) -> None:
    assert usd(nusd) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.04, "0.0 s"), (4.24, "4.2 s"), (59.6, "1 min"), (80, "1 min 20 s"), (7500, "2 h 5 min"), (273_600, "3 d 4 h")],
)
def test_durations_have_two_units_at_most(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_one_is_singular() -> None:
    assert (count(1, "job"), count(0, "job"), count(1632, "job")) == ("1 job", "0 jobs", "1,632 jobs")


def test_a_problem_says_where_what_allowed_and_what_to_try() -> None:
    assert draw_problems([ROOM], Terminal(width=80)) == [
        'specs/茶.yaml:14:18  matrix.aspect_ratio[2]: "8:1" is not offered by imagen-4.0',
        "    allowed: 1:1, 4:3, 3:4, 16:9, 9:16",
        '    did you mean "16:9"?',
        "",
        "1 problem",
    ]


def test_problems_stand_file_by_file_and_are_counted() -> None:
    lines = draw_problems([ROOM, HINT], Terminal())
    assert lines[0] == "a.yaml:3:1: warning: exclude matches nothing (1,200 times)"
    assert lines[1] == ""
    assert lines[-1] == "1 problem, 1 warning"


def test_a_long_list_of_allowed_values_is_cut() -> None:
    many = Problem(message="no such model", allowed=tuple(f"model-{number}" for number in range(30)))
    assert draw_problems([many], Terminal(width=1000))[1].endswith("model-19 and 10 more")


def test_an_annotation_escapes_what_github_reads() -> None:
    problem = Problem(message="50% of\nit", path="a,b", place=SourcePlace("c:d.yaml", 2, 3))
    assert list(draw_annotations([problem, HINT])) == [
        "::error file=c%3Ad.yaml,line=2,col=3,title=a%2Cb::50%25 of%0Ait",
        "::warning file=a.yaml,line=3,col=1,title=spec::exclude matches nothing (1,200 times)",
    ]


def test_a_table_fits_the_terminal_whatever_the_script() -> None:
    rows = [["茶館" * 30, "1"], ["b", "12,000"]]
    lines = draw_table([Column("prompt"), Column("jobs", right=True)], rows, Terminal(width=40))
    assert all(cells(line) <= 40 for line in lines)
    assert lines[0] == "prompt" + " " * 30 + "jobs"
    assert lines[3].endswith("12,000")


def test_colour_needs_a_terminal() -> None:
    assert Terminal.of(FakeTty(), {}).has_colour
    assert not Terminal.of(StringIO(), {}).has_colour


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_is_left_out_on_request(environ: dict[str, str]) -> None:
    assert not Terminal.of(FakeTty(), environ).has_colour


def test_an_ascii_stream_gets_ascii() -> None:
    terminal = Terminal.of(TextIOWrapper(BytesIO(), encoding="ascii"), {})
    assert terminal.shown("茶") == "\\u8336"
    assert draw_table([Column("a")], [["b"]], terminal)[1] == "-"


def test_columns_win_over_a_stream_without_width() -> None:
    assert Terminal.of(StringIO(), {"COLUMNS": "160"}).width == 160
    assert Terminal.of(StringIO(), {}).width == 80
