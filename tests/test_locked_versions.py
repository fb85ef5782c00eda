"""The locked versions are those of everything that is installed, and such as pyproject.toml allows."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PYTHONS = ("3.11", "3.12", "3.13")
OURS = "qwave-batch"


@pytest.fixture(scope="module")
def pins(checkout: Path) -> list[Requirement]:
    text = (checkout / ".ci" / "constraints.txt").read_text(encoding="utf-8")
    return [Requirement(line) for line in text.splitlines() if not line.startswith("#")]


@pytest.fixture(scope="module")
def asked(checkout: Path) -> list[Requirement]:
    """Everything that pyproject.toml asks for, to run, to test, to check and to build."""
    whole = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    project, extras = whole["project"], whole["project"]["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *whole["build-system"]["requires"],
        *(line for part in extras.values() for line in part),
    ]
    return [one for one in map(Requirement, lines) if one.name != OURS]


def locked(pins: list[Requirement], name: str, python: str) -> str | None:
    """The version of a package for a Python on Linux; None where there is none."""
    environment = {key: str(value) for key, value in default_environment().items()}
    environment |= {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    found = [
        pin
        for pin in pins
        if canonicalize_name(pin.name) == canonicalize_name(name)
        and (not pin.marker or pin.marker.evaluate(environment))
    ]
    assert len(found) <= 1, name
    return next(iter(found[0].specifier)).version if found else None


def test_each_line_locks_one_version_and_says_nothing_of_where_it_comes_from(pins: list[Requirement]) -> None:
    assert len(pins) > 20
    assert all(re.fullmatch(r"==[^*,]+", str(pin.specifier)) and not pin.url and not pin.extras for pin in pins)


@pytest.mark.parametrize("python", PYTHONS)
def test_everything_that_is_asked_for_is_locked_and_fits(
    pins: list[Requirement], asked: list[Requirement], python: str
) -> None:
    misfits = [one for one in asked if not one.specifier.contains(locked(pins, one.name, python) or "0")]
    assert not misfits


def test_everything_that_comes_along_is_locked_too(pins: list[Requirement], asked: list[Requirement]) -> None:
    """Of what is installed here: a package that another one asks for is not left to the day."""
    here = default_environment()["python_version"]
    waiting, seen = list(asked), set()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in seen:
            continue
        seen.add(name)
        assert locked(pins, name, here), f"{name} is not locked: .ci/lock {name}"
        try:
            needs = [Requirement(line) for line in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:  # of an extra that is not installed here
            continue
        extras = [{"extra": extra} for extra in ("", *one.extras)]
        waiting += [need for need in needs if not need.marker or any(map(need.marker.evaluate, extras))]


def test_what_builds_packages_without_a_wheel_is_asked_for_wherever_tests_are(asked: list[Requirement]) -> None:
    """A line that installs without build isolation names it first; older setuptools can't build a wheel alone."""
    (bound,) = {str(one.specifier) for one in asked if one.name == "setuptools"}
    assert not SpecifierSet(bound).contains("70.0")


def test_ray_is_an_extra_of_its_own(checkout: Path) -> None:
    """It is 200 MB, so it comes only where it is asked for."""
    whole = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    extras = whole["project"]["optional-dependencies"]
    assert [extra for extra, lines in extras.items() if re.search(r"\bray\b", " ".join(lines))] == ["ray", "test-ray"]


def test_the_pythons_that_are_locked_are_those_that_are_supported(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.rpartition(":: ")[2] for line in project["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert tuple(named) == PYTHONS
    assert project["requires-python"] == f">={PYTHONS[0]}"
    assert f"--python-version {PYTHONS[0]} " in (checkout / ".ci" / "lock").read_text(encoding="utf-8")
