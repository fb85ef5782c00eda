"""Laws of imported benchmarks: a prompt arrives as it is, and no two images share a seed."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

import qwave_batch as qb
from qwave_batch.benches import BenchImportRequest, import_benchmark
from qwave_batch.plans import Job
from tests.benchmark_files import json_lines

PROMPTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60)
TEMPLATES = st.sampled_from(["{{ row.prompt }}", "{% raw %}", "{#", "}}", "{{", '"', "\\", "\n", "\u2028", "{fox}"])
TEXTS = st.lists(PROMPTS | st.lists(TEMPLATES | PROMPTS, min_size=1, max_size=4).map("".join), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None)
@given(TEXTS.filter(lambda texts: all(text.strip() for text in texts)), st.integers(0, 10**9))
def test_prompts_arrive_to_the_last_character_and_seeds_are_apart(texts: list[str], first_seed: int) -> None:
    with TemporaryDirectory() as folder:
        rows = Path(folder, "evaluation_metadata.jsonl")
        rows.write_text(json_lines([{"tag": "x", "include": [], "prompt": text} for text in texts]), encoding="utf-8")
        spec = Path(folder, "spec.yaml")
        request = BenchImportRequest(
            benchmark="geneval", files=[rows], out=spec, models=["wan2.7-image"], first_seed=first_seed
        )
        import_benchmark(request)
        jobs = [item for item in qb.open_plan(spec).items() if isinstance(item, Job)]
        assert [job.request["prompt"] for job in jobs] == texts
        assert [job.prompt for job in jobs] == texts
        seeds = [job.request["seed"] for job in jobs]
        assert seeds == list(range(first_seed, first_seed + 4 * len(texts), 4))
        assert all(job.max_images == 4 for job in jobs)
