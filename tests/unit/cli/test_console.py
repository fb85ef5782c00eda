"""Whether anybody is asked, and for how long an answer is waited for."""

import os
import pty
from collections.abc import Iterator
from io import StringIO
from typing import TextIO

import pytest

from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.stream_width import is_ci


class OnTerminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal() -> Iterator[tuple[int, TextIO]]:
    """A terminal to type on, and the end that a program reads."""
    master, slave = pty.openpty()
    with os.fdopen(slave, encoding="utf-8") as stdin:
        yield master, stdin
    os.close(master)


def console(stdin: TextIO, **environ: str) -> Console:
    return Console(stdout=OnTerminal(), stderr=OnTerminal(), stdin=stdin, environ=environ, patience_s=0.05)


@pytest.mark.parametrize("value", ["true", "TRUE", "1", "yes", "anything", " True "])
def test_a_ci_is_not_asked(terminal: tuple[int, TextIO], value: str) -> None:
    assert not console(terminal[1], CI=value).can_ask
    assert not console(terminal[1], CI=value).err.is_terminal


@pytest.mark.parametrize("value", ["", "0", "false", "False", "NO"])
def test_a_ci_that_is_none_is_asked(terminal: tuple[int, TextIO], value: str) -> None:
    assert console(terminal[1], CI=value).can_ask
    assert console(terminal[1], CI=value).err.is_terminal


@pytest.mark.parametrize(
    "environ",
    [{"GITHUB_ACTIONS": "true"}, {"TF_BUILD": "True"}, {"JENKINS_URL": "http://ci/"}, {"TEAMCITY_VERSION": "2026.1"}],
)
def test_single_cis_are_known(environ: dict[str, str]) -> None:
    assert is_ci(environ)
    assert is_ci({"CI": "", **environ})
    assert not is_ci({**environ, "CI": "false"})


def test_a_person_at_a_terminal_is_asked(terminal: tuple[int, TextIO]) -> None:
    typed, stdin = terminal
    for answer, is_yes in (("y", True), ("YES", True), ("n", False), ("", False)):
        os.write(typed, f"{answer}\n".encode())
        assert console(stdin, TERM="xterm").confirm("Go on?") is is_yes


def test_no_answer_in_time_is_a_no_and_the_question_says_so(terminal: tuple[int, TextIO]) -> None:
    asking = console(terminal[1])
    assert not asking.confirm("Go on?")
    assert isinstance(asking.stderr, StringIO)
    said = asking.stderr.getvalue()
    assert "No answer in 0.000833333 minutes is a no. [y/N]" in said
    assert said.endswith("no answer: that is a no\n")
    plain = Console(stdout=StringIO(), stderr=StringIO(), stdin=StringIO("y\n"))
    assert plain.confirm("Go on?")
    assert isinstance(plain.stderr, StringIO)
    assert "No answer in 10 minutes is a no. [y/N]" in plain.stderr.getvalue()


def test_a_terminal_that_is_closed_while_it_is_asked_means_no() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, encoding="utf-8") as stdin:
        os.close(master)
        assert not console(stdin).confirm("Go on?")
    assert not console(stdin).can_ask
    assert not console(stdin).confirm("Go on?")
