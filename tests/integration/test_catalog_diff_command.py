"""``catalog diff`` on the catalogs that ship."""

import json
from io import StringIO

import pytest

from qwave_batch.cli.drawing.text import cells
from qwave_batch.cli.main import main


def typed(*argv: str, columns: int = 100) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main(["catalog", *argv], stdout, stderr, environ={"COLUMNS": str(columns)})
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_text_fits_the_terminal(columns: int) -> None:
    status, told, _ = typed("diff", "2026-05", "2026-10", columns=columns)
    assert status == 0
    assert max(map(cells, told.splitlines())) <= columns
    assert "another model" in told


def test_the_json_has_the_promised_keys() -> None:
    status, told, _ = typed("diff", "2026-05", "2026-10", "--json")
    found = json.loads(told)
    assert status == 0
    assert found.keys() == {"old", "new", "models"}
    assert found["models"].keys() == {"gone", "new", "changed"}
    assert all(one.keys() == {"id", "successor"} for one in found["models"]["gone"])
    assert all(one.keys() == {"id"} for one in found["models"]["new"])
    assert all(one.keys() == {"id", "fields", "usd_per_image"} for one in found["models"]["changed"])
    assert all(one["usd_per_image"].keys() == {"old", "new"} for one in found["models"]["changed"])


def test_the_markdown_is_a_table_and_lists() -> None:
    status, told, _ = typed("diff", "2026-05", "2026-10", "--markdown")
    assert status == 0
    assert "| doubao-seedream-4.5 | seedream-4.5 |" in told
    assert "#### wan2.7-image changed\n\n- USD an image: 0.02295 -\\> 0.027\n" in told


def test_a_model_without_one_successor_says_what_there_is() -> None:
    assert "imagen-4.0: gone; use a Gemini (Nano Banana) model\n" in typed("diff", "2026-05", "2026-10", columns=300)[1]


def test_catalogs_that_do_not_differ_say_so() -> None:
    assert typed("diff", "2026-10", "2026-10")[1] == (
        "from catalog 2026-10 to 2026-10: the same models, and no difference between them\n"
    )


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("diff", "2026-05", "2026-11"), 'unknown catalog "2026-11"'),
        (("dif", "2026-05", "2026-10"), 'did you mean "diff"'),
        (("diff", "2026-05"), "NEW"),
        (("diff", "2026-05", "2026-10", "--json", "--markdown"), "leave one of them out"),
    ],
)
def test_wrong_arguments_are_refused(argv: tuple[str, ...], message: str) -> None:
    status, told, talk = typed(*argv, columns=300)
    assert (status, told) == (2, "")
    assert message in talk


def test_models_without_successors_need_no_table() -> None:
    """An older catalog says nothing of newer ones."""
    _, out, _ = typed("diff", "2026-10", "2026-05")
    assert "use instead" not in out
    assert "midjourney: gone" in out
