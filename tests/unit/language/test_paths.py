"""The paths of images."""

import unicodedata
from collections.abc import Callable

import pytest

from qwave_batch.model.job import Job
from qwave_batch.model.problem import Problem

JobsOf = Callable[..., list[Job]]
ProblemsOf = Callable[..., list[Problem]]


def spec(path: str, *, prompts: str = "[{id: a, text: x}]", model: str = "z-image-turbo") -> str:
    return f"prompts: {prompts}\nrequest: {{model: {model}}}\noutput: {{path: '{path}'}}\n"


def paths(jobs: list[Job]) -> list[str]:
    return [job.path for job in jobs]


def test_the_default(jobs_of: JobsOf) -> None:
    (job,) = jobs_of("prompts: [{id: a, text: x}]\nrequest: {model: z-image-turbo}\n")
    assert job.path == f"z-image-turbo/a-{job.job_id}"


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("{{ prompt.id }}", "a-b-c-d"),
        ("x/{{ prompt.id }}/y", "x/a-b-c-d/y"),
        ('{{ "p/q" }}/{{ ["r", "s"] | join("/") }}', "p-q/r-s"),
    ],
)
def test_only_slashes_of_the_template_separate_folders(jobs_of: JobsOf, written: str, path: str) -> None:
    assert paths(jobs_of(spec(written, prompts='[{id: "a/b\\\\c:d", text: x}]'))) == [path]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("A-z_0.9", "A-z_0.9"),
        ("16:9", "16-9"),
        ("a b\tc", "a-b-c"),
        ('<>:"|?*', "-------"),
        ("caf\u00e9 \u8336\u9986", "caf\u00e9-\u8336\u9986"),
        ("e\u0301", "\u00e9"),
        ("\u202eevil", "-evil"),
    ],
)
def test_of_values_letters_digits_and_dots_are_kept_in_nfc(jobs_of: JobsOf, given: str, kept: str) -> None:
    escaped = given.encode("unicode_escape").decode().replace('"', '\\"')
    (path,) = paths(jobs_of(spec("v{{ prompt.id }}", prompts=f'[{{id: "{escaped}", text: x}}]')))
    assert path == f"v{kept}"
    assert unicodedata.is_normalized("NFC", path)


def test_a_component_has_at_most_150_bytes_and_long_ones_stay_apart(jobs_of: JobsOf) -> None:
    names = ["\u8336" * 100, "\u8336" * 101, "x" * 300]
    made = paths(
        jobs_of(spec("d/{{ prompt.id }}", prompts="[" + ", ".join(f"{{id: {n}, text: {n}}}" for n in names) + "]"))
    )
    parts = [path.removeprefix("d/") for path in made]
    assert len(set(parts)) == 3
    assert all(140 <= len(part.encode()) <= 150 for part in parts)


@pytest.mark.parametrize("name", [".", "..", "con", "NUL", "com1", "Lpt9.txt", "aux.tar", "prn"])
def test_a_component_is_no_reserved_name(jobs_of: JobsOf, name: str) -> None:
    (path,) = paths(jobs_of(spec("{{ prompt.id }}/x", prompts=f'[{{id: "{name}", text: x}}]')))
    first, _, rest = path.partition("/")
    assert rest == "x"
    assert first not in {".", ".."}
    assert first.partition(".")[0].casefold() not in {"con", "nul", "com1", "lpt9", "aux", "prn", ""}


@pytest.mark.parametrize(
    "path", ["../{{ job_id }}", "a/../../{{ job_id }}", "/tmp/{{ job_id }}", "a//{{ job_id }}", "./x"]
)
def test_a_template_stays_in_the_folder(problems_of: ProblemsOf, path: str) -> None:
    (problem,) = problems_of(spec(path))
    assert problem.path == "output.path"


@pytest.mark.parametrize(
    "prompts",
    [
        "[{id: a, text: x}, {id: A, text: y}]",
        "[{id: a b, text: x}, {id: a-b, text: y}]",
        "[{id: \u00e9, text: x}, {id: e\u0301, text: y}]",
        "[{id: a, text: x}, {id: A, text: y, request: {n: 2}}]",
        "[{id: a, text: x, request: {n: 2}}, {id: a_2, text: y}]",
    ],
)
def test_two_jobs_of_one_path_are_an_error(problems_of: ProblemsOf, prompts: str) -> None:
    (problem,) = problems_of(spec("{{ prompt.id }}", prompts=prompts, model="gpt-image-2"))
    assert problem.path == "output.path"
    assert problem.message.startswith("jobs 0 and 1 would both be written to ")


def test_jobs_whose_names_only_look_alike_are_no_error(jobs_of: JobsOf) -> None:
    prompts = "[{id: a, text: x, request: {n: 2}}, {id: a_3, text: y}, {id: b, text: z}]"
    assert paths(jobs_of(spec("{{ prompt.id }}", prompts=prompts, model="gpt-image-2"))) == ["a", "a_3", "b"]


def test_duplicates_and_skipped_jobs_take_no_path(jobs_of: JobsOf) -> None:
    body = spec("all", prompts="[{id: a, text: x}, {id: b, text: x}, {id: c, text: x, request: {quality: low}}]")
    made = jobs_of("unsupported: skip\n" + body)
    assert paths(made) == ["all", ""]
