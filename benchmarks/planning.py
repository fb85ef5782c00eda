"""How many jobs a second does planning expand, check, price, fold and count, beside a straight loop written by hand?

The straight loop reads YAML with the compiled loader, renders with plain Jinja, checks with a compiled validator
(jsonschema-rs), hashes what the standard encoder writes with sorted keys, and folds. Planning and ``plan --out`` take
turns with it in this process, on the same specs; the best round of each counts, in jobs a second of CPU.

    python benchmarks/planning.py [--jobs 1000000] [--rounds 5]
"""

import argparse
import csv
import hashlib
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jinja2
import jsonschema_rs
import yaml

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.plan.file.plan_draft import PlanDraft
from qwave_batch.plan.file.plan_file import plan_lines
from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.loading import load_spec

MODELS = ["gpt-image-2", "qwen-image-2.0", "wan2.7-image", "z-image-turbo"]
HEAD = {"version": 1, "name": "benchmark", "catalog": "2026-05"}
LOOKS = [{"id": name, "words": f"{name} light, thick paper"} for name in ("soft", "hard", "cold", "warm", "dim")]


def write_specs(folder: Path, jobs: int) -> dict[str, Path]:
    """Write a spec of about ``jobs`` jobs for each shape; return their files by the shape's name."""
    rows = {"prompts.tsv": max(1, jobs // 1000), "rows.tsv": jobs // 4}
    for name, count in rows.items():
        numbers = range(count)
        lines = (f"p{number}\tSubject number {number} in a wide landscape, view {number % 7}\n" for number in numbers)
        (folder / name).write_text("id\ttext\n" + "".join(lines), encoding="utf-8")
    one = {"model": MODELS[0], "action": "generate", "n": 1}
    listed = [{"id": f"p{number}", "text": f"Subject number {number} in oil"} for number in range(jobs // 20)]
    shapes: dict[str, dict[str, Any]] = {
        "matrix": {
            "request": {"action": "generate", "n": 1},
            "prompts": [{"from": "prompts.tsv", "id": "{{ row.id }}", "text": "{{ row.text }}, {{ look.words }}"}],
            "matrix": {
                "model": MODELS,
                "aspect_ratio": ["1:1", "16:9", "9:16", "4:3", "3:4"],
                "look": LOOKS,
                "seed": {"start": 1, "count": 10},
            },
        },
        "rows only": {"request": one, "prompts": [{"from": "rows.tsv", "text": "{{ row.text }}, in oil"}]},
        "prompts only": {"request": one, "prompts": listed},
        "one prompt, many seeds": {
            "request": one,
            "prompts": ["A quiet teahouse"],
            "matrix": {"seed": {"start": 1, "count": jobs // 2}},
        },
        "text that names the seed": {
            "request": one,
            "prompts": ["A quiet teahouse, number {{ seed }}"],
            "matrix": {"seed": {"start": 1, "count": jobs // 4}},
        },
        "2026-10, a price an image": {
            "catalog": "2026-10",
            "request": {"model": "gpt-image-2-rev"},
            "prompts": [{"from": "rows.tsv", "text": "{{ row.text }}, in oil"}],
        },
        "2026-10, a price by tokens": {
            "catalog": "2026-10",
            "request": {"model": "gpt-image-2"},
            "prompts": [{"from": "rows.tsv", "text": "{{ row.text }}, in oil"}],
        },
    }
    files = {}
    for name, body in shapes.items():
        files[name] = folder / f"{name.replace(' ', '-').replace(',', '')}.yaml"
        files[name].write_text(json.dumps(HEAD | body), encoding="utf-8")
    return files


def straight(file: Path) -> int:
    """Do what a plan does with a loop; return the number of jobs."""
    spec = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)  # the loader is safe
    catalog = open_catalog(spec["catalog"])
    asked = MODELS if spec["catalog"] == HEAD["catalog"] else [spec["request"]["model"]]
    checks = {name: jsonschema_rs.validator_for(dict(catalog.model(name).schema)) for name in asked}
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # prompts, not pages
    matrix = spec.get("matrix", {})
    axes = {name: values if isinstance(values, list) else _range(values) for name, values in matrix.items()}
    seen: set[str] = set()
    cost: Counter[str] = Counter()
    for prompt in spec["prompts"]:
        text = environment.from_string(prompt if isinstance(prompt, str) else prompt["text"])
        for scope in _rows(file.parent, prompt):
            for values in itertools.product(*axes.values()):
                names = dict(zip(axes, values, strict=True))
                request = dict(spec["request"])
                request["prompt"] = text.render(**scope, **names)
                request.update({name: value for name, value in names.items() if name != "look"})
                if not checks[request["model"]].is_valid(request):
                    raise ValueError(request)
                whole = {"repeat": 0, "request": request}
                body = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                identity = hashlib.sha256(body.encode()).hexdigest()[:16]
                if identity not in seen:
                    seen.add(identity)
                    cost[request["model"]] += catalog.models[request["model"]].estimate_nusd(request)
    return len(seen)


def _range(rule: dict[str, int]) -> range:
    return range(rule["start"], rule["start"] + rule["count"])


def _rows(folder: Path, prompt: Any) -> Iterator[dict[str, Any]]:
    if isinstance(prompt, str) or "from" not in prompt:
        yield {}
        return
    with (folder / prompt["from"]).open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield {"row": row}


def planned(file: Path) -> int:
    """Plan a spec; return the number of jobs."""
    return make_plan(load_spec(file)).figures.jobs


def written(file: Path) -> int:
    """Write the lines of a plan to nowhere, as ``plan --out`` makes them; return their number."""
    with PlanDraft(file.parent) as draft:
        plan = make_plan(load_spec(file), take=draft.take)
        return sum(1 for _ in plan_lines(plan, beside=file.parent, draft=draft)) - 1


def rate(work: Callable[[Path], int], file: Path) -> float:
    """Return the jobs a second of CPU of doing ``work``."""
    started = time.process_time()
    return work(file) / (time.process_time() - started)


def best_rates(file: Path, rounds: int) -> list[float]:
    """Return the best rates of the straight loop, of planning, and of writing the plan, which take turns."""
    turns = [[rate(work, file) for work in (straight, planned, written)] for _ in range(rounds)]
    return [max(rates) for rates in zip(*turns, strict=True)]


def peak_mib(jobs: int) -> float:
    """Return the peak memory of planning the matrix with about so many jobs, in a process of its own."""
    # VmHWM and not getrusage: a child inherits the latter's maximum from the process that started it
    code = (
        "import sys; from pathlib import Path; from qwave_batch.spec.loading import load_spec; "
        "from qwave_batch.plan.planner import make_plan; make_plan(load_spec(sys.argv[1])); "
        "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = write_specs(Path(folder), jobs)["matrix"]
        out = subprocess.run([sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True)
    return int(out.stdout) / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--jobs", type=int, default=200_000, help="jobs of the matrix; the others have fewer")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    args = parser.parse_args()
    jobs = args.jobs
    print(f"{'shape':<26}{'straight':>12}{'plan':>12}{'times':>8}{'plan --out':>12}{'of plan':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for name, file in write_specs(Path(folder), jobs).items():
            by_hand, by_plan, by_lines = best_rates(file, args.rounds)
            rates = f"{by_hand:>10,.0f}/s{by_plan:>10,.0f}/s{by_plan / by_hand:>7.1f}x{by_lines:>10,.0f}/s"
            print(f"{name:<26}{rates}{by_lines / by_plan:>9.2f}")
    for count in (10_000, 100_000, jobs):
        print(f"peak memory for {count:>9,} jobs: {peak_mib(count):.0f} MiB")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
