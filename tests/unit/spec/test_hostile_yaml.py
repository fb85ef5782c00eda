"""``validate`` ends in seconds and in bounded memory for every file, enforced by the system."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.spec.limited import run_limited

HEAD = 'version: 1\nname: try\ncatalog: "2026-05"\nrequest: {model: gpt-image-2}\n'
BIG = "x" * 1_000_000
EMOJI = "{{ '\U0001f600' * 900000 }}"


def axes(count: int) -> str:
    return "".join(f"  a{number}: [{','.join(map(str, range(100)))}]\n" for number in range(count))


ALL_AXES = "prompts: ['" + "".join(f"{{{{ a{number} }}}}" for number in range(10)) + "']\n"

HOSTILE: dict[str, tuple[Callable[[], str], str]] = {
    "aliases of a long text": (
        lambda: f"prompts:\n  - &a '{BIG}'\n" + "  - *a\n" * 99_000,
        "the aliases expand to more than 20,000,000 characters",
    ),
    "aliases of a long text in vars": (
        lambda: f"vars:\n  t: &a '{BIG}'\n" + "".join(f"  v{n}: *a\n" for n in range(90_000)) + "prompts: [x]\n",
        "the aliases expand to more than 20,000,000 characters",
    ),
    "aliases of aliases": (
        lambda: (
            "vars:\n  a0: &a0 [x, x]\n"
            + "".join(f"  a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
            + "prompts: [x]\n"
        ),
        "the aliases expand to more than 100,000 values",
    ),
    "directives": (
        lambda: "".join(f"%TAG !a{n}! tag:x\n" for n in range(200_000)) + "---\nprompts: [x]\n",
        "lines start with %",
    ),
    "a key of megabytes": (
        lambda: "? " + "k" * 10_000_000 + "\n: 1\nprompts: [x]\n",
        "a key has 10,000,000 characters; at most 1,000 are",
    ),
    "a value of megabytes that is refused": (
        lambda: f"repeat: '{BIG * 10}'\nprompts: [x]\n",
        "expected a whole number, found the string",
    ),
    "variables made of a large one": (
        lambda: (
            f'vars:\n  a: "{EMOJI}"\n' + "".join(f'  v{n}: "{{{{ a }}}}1"\n' for n in range(2000)) + "prompts: [x]\n"
        ),
        "come to more than 20,000,000 characters together",
    ),
    "variables that double": (
        lambda: (
            "vars:\n  a0: xxxxxxxxxx\n"
            + "".join(f'  a{n}: "{{{{ a{n - 1} }}}}{{{{ a{n - 1} }}}}"\n' for n in range(1, 60))
            + 'prompts: ["{{ a59 }}"]\n'
        ),
        "grows past 1,000,000 characters",
    ),
    "a loop in a hundred thousand jobs": (
        lambda: (
            "matrix: {seed: {start: 1, count: 100000}}\n"
            'prompts: ["{% for i in range(30000) %}{% endfor %}{{ seed }}"]\n'
        ),
        "the templates together take more than 2,000,000 steps",
    ),
    "a large text in a hundred thousand jobs": (
        lambda: f'matrix: {{seed: {{start: 1, count: 100000}}}}\nprompts: ["{EMOJI}{{{{ seed }}}}"]\n',
        "the templates together create more than 200,000,000 characters",
    ),
    "more combinations than atoms": (
        lambda: (
            f"matrix:\n{axes(10)}  exclude:\n"
            + "".join("    - {" + ", ".join(f"a{axis}: {n}" for axis in range(10)) + "}\n" for n in range(100))
            + "  include:\n    - {a0: 1, style: x}\n"
            + ALL_AXES
        ),
        "jobs of every prompt; a plan has at most",
    ),
    "a range that excludes go through": (
        lambda: "matrix: {seed: {start: 1, count: 20000000}, exclude: [{seed: 0}]}\nprompts: [x]\n",
        "are compared with 20,000,000 values",
    ),
    "a path of tags that never close": (
        lambda: 'output: {path: "{% raw %}' + "{{" * 400_000 + '{% endraw %}{{ job_id }}"}\nprompts: [x]\n',
        "all right",
    ),
    "a path of many names": (
        lambda: 'output: {path: "' + "{{job_id}}" * 60_000 + '!"}\nprompts: [x]\n',
        "output.path",
    ),
    "marks without a letter": (
        lambda: "output: {path: \"{{ '" + "\u0301\u0316" * 200_000 + "' }}{{ job_id }}\"}\nprompts: [x]\n",
        "all right",
    ),
}
VALIDATE = """
import sys
from qwave_batch.cli.main import main
sys.exit(main(["validate", sys.argv[1]], sys.stdout, sys.stderr))
"""


def validated(file: Path, *, cpu_s: int = 6) -> str:
    done = run_limited(["-c", VALIDATE, str(file)], cpu_s=cpu_s, mib=700)
    assert done.returncode in {0, 2}, f"signal {-done.returncode}: {done.stderr[-500:]}"
    assert "Traceback" not in done.stderr
    return " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("kind", HOSTILE)
def test_validate_ends_on_any_file_and_says_why(kind: str, tmp_path: Path) -> None:
    text, said = HOSTILE[kind]
    written = text()
    file = tmp_path / "s.yaml"
    file.write_text(written if written.startswith("%") else HEAD + written, encoding="utf-8")
    out = validated(file)
    assert said in out
    assert len(out) < 20_000


def test_tens_of_thousands_of_prompts_are_all_right(tmp_path: Path) -> None:
    """Large but honest specs are accepted: by alias, and each with a template."""
    one = "  - {{id: p{n}, text: 'A {{{{ kind }}}} cat, number {n}', tags: *tags}}\n"
    first = "vars: {kind: big}\nprompts:\n  - {text: x, tags: &tags [a, b]}\n"
    file = tmp_path / "s.yaml"
    file.write_text(HEAD + first + "".join(one.format(n=number) for number in range(10_000)), encoding="utf-8")
    assert "all right" in validated(file)


def test_ten_thousand_problems_are_told_apart_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(HEAD + "".join(f"promptz{n}: 1\n" for n in range(12_000)), encoding="utf-8")
    assert "there are too many problems; the rest was not looked for" in validated(file, cpu_s=12)
