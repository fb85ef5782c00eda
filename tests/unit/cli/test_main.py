import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.cli.overview import COMMANDS
from tests.every_case import in_one_test

HEAVY = ("aiohttp", "jsonschema", "jinja2", "yaml", "PIL", "sqlite3")


def call(*argv: str, **environ: str) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    return main(argv, stdout, stderr, environ=environ), stdout.getvalue(), stderr.getvalue()


@pytest.mark.parametrize("argv", [(), ("-h",), ("--help",), ("help",)])
def test_help_lists_every_command(argv: tuple[str, ...]) -> None:
    status, out, talk = call(*argv)
    assert (status, talk) == (0, "")
    assert all(f"\n  {name} " in out for name in COMMANDS)


@in_one_test("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    status, out, talk = call(command, "--help")
    assert (status, talk) == (0, "")
    assert out.startswith(f"usage: qwave-batch {command}")


@pytest.mark.parametrize("width", [60, 80, 160])
def test_help_keeps_to_the_terminals_width(width: int) -> None:
    for command in COMMANDS:
        _, out, _ = call(command, "--help", COLUMNS=str(width))
        assert max(map(len, out.splitlines())) <= width, command


def test_version_is_told() -> None:
    status, out, _ = call("--version")
    assert status == 0
    assert out.startswith("qwave-batch ")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("rnu",), 'unknown command "rnu"; did you mean "run"?'),
        (("run", "a.yaml", "--simulat"), 'unknown option "--simulat"; did you mean "--simulate"?'),
        (("run", "a.yaml", "--max-us=1"), 'unknown option "--max-us"; did you mean "--max-usd"?'),
        (("status", "a", "b"), 'unexpected argument "b"'),
        (("run",), "SPEC-or-PLAN"),
        (("run", "a.yaml", "--events", ""), "--events: it is empty, and names no file"),
        (("run", "a.yaml", "-o", ""), "-o/--out: it is empty, and names no file"),
        (("run", "a.yaml", "--reuse", ""), "--reuse: it is empty, and names no file"),
        (("plan", "a.yaml", "--allow-read", ""), "--allow-read: it is empty, and names no file"),
        (("status", ""), "DIR: it is empty, and names no file"),
        (("run", "a.yaml", "--limit", "0"), '"0" is not a whole number of at least 1'),
        (("run", "a.yaml", "--max-usd", "nan"), '"nan" is not a number of at least 0'),
        (("validate", "a.yaml", "--format", "jsn"), 'unknown format "jsn"; did you mean "json"?'),
        (("--hepl",), 'did you mean "--help"?'),
        (("validate", "a.yaml", "--allow-read", "/nowhere"), "--allow-read /nowhere: there is no such folder"),
    ],
)
def test_a_wrong_command_line_is_told_with_the_nearest_right_one(argv: tuple[str, ...], words: str) -> None:
    status, out, talk = call(*argv, COLUMNS="200")
    assert (status, out) == (2, "")
    assert words in talk


def test_what_a_user_typed_cannot_steer_the_terminal() -> None:
    _, _, talk = call("run\x1b[2J")
    assert "\x1b" not in talk


def test_a_missing_key_is_a_wrong_command_line() -> None:
    status, out, talk = call("balance")
    assert (status, out) == (2, "")
    assert "QWAVE_API_KEY" in talk


def test_a_key_that_is_no_key_is_not_shown() -> None:
    status, _, talk = call("balance", QWAVE_API_KEY="sec ret")
    assert status == 2
    assert "sec" not in talk


def test_plain_http_is_for_this_machine_only() -> None:
    status, _, talk = call("balance", "--base-url", "http://example.com/v1", QWAVE_API_KEY="k")
    assert status == 2
    assert "plain http" in talk


@pytest.mark.parametrize("name", ["spec", "manifest", "gpt-image-2"])
def test_schemas_are_printed_as_json(name: str) -> None:
    status, out, _ = call("schema", name)
    assert status == 0
    assert json.loads(out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_models_are_listed_for_people_and_programs() -> None:
    said = call("models", COLUMNS="100")[1]
    assert "44 models" in said
    assert "catalog 2026-10 (the newest; --catalog names another)" in said
    assert "gemini-3.1-flash-lite-image-rev" in said
    assert len(json.loads(call("models", "--json")[1])["models"]) == 44
    older = call("models", "--catalog", "2026-05")[1]
    assert "17 models" in older
    assert older.endswith("\ncatalog 2026-05\n")
    assert len(json.loads(call("models", "--catalog", "2026-05", "--json")[1])["models"]) == 17


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gemini-3-pro-image", "about 0.13, by tokens"),
        ("gemini-3-pro-image-rev", "0.03375 to 0.045"),
        ("midjourney", "0.05067 to 0.06192 a call+"),
        ("z-image-turbo", "0.01125 "),
        ("qwen-image-3.0", "0.02228+"),
    ],
)
def test_the_list_of_models_gives_the_extent_of_each_price(model: str, price: str) -> None:
    lines = call("models", COLUMNS="120")[1].splitlines()
    line = next(line for line in lines if line.startswith(f"{model} "))
    assert line.removeprefix(model).lstrip().startswith(price)


def test_one_model_is_shown_with_its_fields() -> None:
    assert "mask_url" in call("models", "gpt-image-2")[1]
    assert json.loads(call("models", "gpt-image-2", "--json")[1])["name"] == "gpt-image-2"


def test_an_unknown_model_gets_the_nearest() -> None:
    status, _, talk = call("models", "imagen-4", "--catalog", "2026-05", COLUMNS="200")
    assert status == 2
    assert 'did you mean "imagen-4.0"?' in talk


@pytest.mark.parametrize("argv", ["--help", "--version", "run --help", "nonsense"])
def test_quick_answers_load_nothing_heavy(argv: str, checkout: Path) -> None:
    """Neither the package nor its command line costs more than the standard library until there is work."""
    code = (
        "import sys; from io import StringIO; from qwave_batch.cli.main import main; "
        f"main({argv.split()!r}, StringIO(), StringIO()); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ended = subprocess.run(
        (sys.executable, "-c", code), cwd=checkout, capture_output=True, text=True, check=True, timeout=30
    )
    assert ended.stdout.strip() == "[]"
