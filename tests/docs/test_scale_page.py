"""docs/scale.md: its numbers are computed, its files parse, and its commands have the options that they are given."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import qwave_batch as qb
from qwave_batch.capacity.plan_work import JOB_CPU_S, PIXELS, TASK_S, JobCount
from qwave_batch.cli.registry import parser_of

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(
    r"^\| 10\^(\d) \| (\d+) \| ([\d.]+) h \| (\d+) \| ([\d.]+) (G|T)B \| (\d+) Mbit/s \| ([\d.]+) \|",
    re.MULTILINE,
)


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "scale.md").read_text(encoding="utf-8")


def blocks(page: str, kind: str) -> list[str]:
    return [text for found, text in BLOCK.findall(page) if found == kind]


def usual(file_format: str) -> JobCount:
    count = JobCount()
    count.add_size(PIXELS, file_format)
    return count


def test_the_arithmetic_is_right(page: str) -> None:
    rows = re.findall(
        r"^\| 10\^(\d) \| (\d+) \| ([\d.]+) h \| (\d+) \| ([\d.]+) (G|T)B \| (\d+) \w+/s \| ([\d.]+)",
        page,
        re.MULTILINE,
    )
    assert len(rows) == 5
    image = usual("png")
    for power, per_minute, hours, slots, size, unit, line, processors in rows:
        images, per_s = 10 ** int(power), int(per_minute) / 60
        assert float(hours) == round(images / per_s / 3600, 1)
        assert int(slots) == round(per_s * TASK_S)
        shown = images * image.image_bytes.value / (1e9 if unit == "G" else 1e12)
        assert float(size) == pytest.approx(shown, rel=0.01)
        assert int(line) == pytest.approx(per_s * image.image_bytes.value * 8 / 1e6, abs=0.5)
        assert float(processors) == pytest.approx(per_s * image.image_cpu.value, abs=0.006)


def test_what_is_assumed_is_what_is_said(page: str) -> None:
    assert f"| latency | {TASK_S:.0f} s a task |" in page
    assert f"| coordinator | {JOB_CPU_S * 1000:.0f} ms a job |" in page
    for file_format, name in (("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WebP")):
        count = usual(file_format)
        ns = round((count.image_cpu.value - 0.0014) / PIXELS * 1e9)
        assert re.search(rf"{name} {count.image_bytes.value / PIXELS:g}( bytes a pixel)?[,.\s|]", page)
        assert f"{ns} ns for {name}" in page


def test_shell_on_the_page_parses(page: str) -> None:
    for script in blocks(page, "sh"):
        done = subprocess.run(("bash", "-n"), input=script, text=True, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), script


def documents(page: str) -> Iterator[dict[str, Any]]:
    for text in blocks(page, "yaml"):
        yield from yaml.safe_load_all(text)


def commands(page: str) -> Iterator[str]:
    """Every command line of the page: those of shell blocks, and those that YAML starts."""
    for script in blocks(page, "sh"):
        yield from (line for line in script.replace("\\\n", " ").splitlines() if line.startswith("qwave-batch "))
    for document in documents(page):
        spec = document["spec"]
        yield (
            spec["entrypoint"] if document["kind"] == "RayJob" else spec["template"]["spec"]["containers"][0]["args"][0]
        )


def test_every_command_takes_the_options_that_it_is_given(page: str) -> None:
    found = list(commands(page))
    assert len(found) >= 7
    for command in found:
        _, name, *argv = shlex.split(command.strip())
        options = {option for action in parser_of(name, width=90)._actions for option in action.option_strings}
        given = {word.partition("=")[0] for word in argv if word.startswith("-")}
        assert given <= options, command


def test_the_key_is_given_to_the_head_alone(page: str) -> None:
    """No container of a worker has an environment, and the key is in no text."""
    [job] = [document for document in documents(page) if document["kind"] == "RayJob"]
    cluster = job["spec"]["rayClusterSpec"]
    [head] = cluster["headGroupSpec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in head["env"]] == ["QWAVE_API_KEY"]
    assert all("secretKeyRef" in each["valueFrom"] for each in head["env"])
    for group in cluster["workerGroupSpecs"]:
        assert all("env" not in container for container in group["template"]["spec"]["containers"])
    assert "name: qwave, key: key" not in str(cluster["workerGroupSpecs"])


def test_pods_mount_only_what_they_have(page: str) -> None:
    for document in documents(page):
        for pod in pods(document):
            names = {volume["name"] for volume in pod["volumes"]}
            assert {mount["name"] for each in pod["containers"] for mount in each["volumeMounts"]} == names


def pods(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    spec = document["spec"]
    if document["kind"] == "Job":
        yield spec["template"]["spec"]
        return
    cluster = spec["rayClusterSpec"]
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        yield group["template"]["spec"]


def test_every_row_is_in_one_shard_and_keeps_its_id(tmp_path: Path) -> None:
    table = "".join(f"p{number},a cat number {number}\n" for number in range(1, 41))
    (tmp_path / "prompts.csv").write_text(f"id,prompt\n{table}", encoding="utf-8")
    spec = tmp_path / "big.yaml"
    spec.write_text(
        'version: 1\nname: big\ncatalog: "2026-10"\nrequest: {model: wan2.7-image}\n'
        'prompts:\n  - {from: prompts.csv, id: "{{ row.id }}", text: "{{ row.prompt }}"}\n',
        encoding="utf-8",
    )

    def ids(*overrides: str) -> list[str]:
        return [item.job_id for item in qb.plans.open_plan(spec, overrides=overrides).items()]

    shards = [ids(f"prompts.0.where='{{{{ row_number % 4 == {shard} }}}}'") for shard in range(4)]
    assert [len(shard) for shard in shards] == [10] * 4
    assert sorted(job for shard in shards for job in shard) == sorted(ids())
