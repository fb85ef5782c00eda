"""From a benchmark's own files to its scorer: imported, run on the simulator, exported, and read back strictly."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from PIL import Image, ImageChops

import qwave_batch as qb
from tests.bench_commands import bench
from tests.bench_readers.every_reader import READERS
from tests.bench_readers.strict_pictures import Given, Pictures
from tests.benchmark_files import NAMES, InventedBenchmark, write_benchmark

SEVERAL, NEITHER, SEEDED = "qwen-image-2.0", "z-image-turbo", "flux-2-pro"
"""Up to six images with a request; neither a number of images nor a seed; a seed."""
EDITS = "gpt-image-2"
WHOLE = ("geneval", "dpg", "oneig")
"""Benchmarks that run with three models; the others with one."""
LOSSY = ("hpsv2", "drawbench")


class RoundTrip:
    """One benchmark, from its files to the output."""

    def __init__(self, home: Path, name: str) -> None:
        self.name, self.run, self.out = name, home / "run", home / "out"
        self.benchmark: InventedBenchmark = write_benchmark(name, home / "files")
        self.models = (EDITS,) if self.benchmark.action == "edit" else (SEVERAL, NEITHER, SEEDED)
        self.models = self.models if name in WHOLE else self.models[:1]
        chosen = [word for model in self.models for word in ("--model", model)]
        imported = bench("import", name, self.benchmark.files, "-o", home / "spec.yaml", *chosen)
        assert imported.status == 0, imported.err
        connection = qb.Simulated(seed=1, latency="0")
        qb.run_batch_sync(home / "spec.yaml", connection=connection, out_dir=self.run)
        exported = bench("export", name, self.run, self.out)
        assert exported.status == 0, exported.err

    def read(self, model: str) -> Pictures:
        """Return what the scorer reads of a model."""
        return READERS[self.name](Given(out=self.out / model, benchmark=self.benchmark, model=model, models=(model,)))

    def made(self, model: str) -> Mapping[tuple[int, int], Image.Image]:
        """Return what the model made, by the place of the prompt and the number of the image."""
        places = {prompt.id: place for place, prompt in enumerate(self.benchmark.prompts)}
        found = {}
        for line in qb.open_run(self.run).lines():
            for at, image in enumerate(line.images if line.model == model else ()):
                with Image.open(self.run / image.path) as opened:
                    number = line.index % self.benchmark.images + at
                    found[places[line.prompt_id], number] = opened.convert("RGB")
        return found


@pytest.fixture(scope="module")
def round_trip(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RoundTrip]:
    """Each benchmark's way, which is gone once."""
    return cache(lambda name: RoundTrip(tmp_path_factory.mktemp(name), name))


CASES = [(name, model) for name in WHOLE for model in (SEVERAL, NEITHER, SEEDED)]
CASES += [(name, "") for name in NAMES if name not in WHOLE]


@pytest.mark.parametrize(("name", "model"), CASES)
def test_the_scorer_reads_what_the_model_made(round_trip: Callable[[str], RoundTrip], name: str, model: str) -> None:
    """Each image of each prompt in its place, pixel by pixel where the layout loses nothing."""
    trip = round_trip(name)
    model = model or trip.models[0]
    read, made = trip.read(model), trip.made(model)
    assert read.keys() == made.keys()
    assert len(made) == len(trip.benchmark.prompts) * trip.benchmark.images
    for key, image in made.items():
        assert read[key].size == image.size
        assert name in LOSSY or ImageChops.difference(read[key], image).getbbox() is None, key
    assert len({image.tobytes() for image in made.values()}) > 1


def test_a_folder_that_was_run_twice_is_exported_without_change(
    round_trip: Callable[[str], RoundTrip], tmp_path: Path
) -> None:
    """Its manifest is the same, and so is the output."""
    trip = round_trip("geneval")
    again = bench("export", "geneval", trip.run, tmp_path / "out")
    assert again.status == 0
    first = {path.relative_to(trip.out): path.read_bytes() for path in trip.out.rglob("*") if path.is_file()}
    assert first == {
        path.relative_to(tmp_path / "out"): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert (tmp_path / "out.json").read_bytes() == trip.out.with_name("out.json").read_bytes()
