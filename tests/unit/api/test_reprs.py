"""The value of a notebook's cell prints on one line, whatever it holds."""

from pathlib import Path

import pytest

import qwave_batch as qb

SPEC = f"""\
version: 1
name: shown
catalog: "2026-05"
request: {{model: z-image-turbo, aspect_ratio: "1:1"}}
prompts: [{"A lantern over the water " * 30}, A kite]
budget: {{max_usd: 1}}
"""
LONGEST = 140


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """All that a notebook meets on its way from a spec to its folder."""
    folder = tmp_path_factory.mktemp("n")
    file, told = folder / "shown.yaml", list[qb.Progress]()
    file.write_text(SPEC, encoding="utf-8")
    request = qb.RunRequest(source=Path("s.yaml"), connection=qb.Simulated(), options=qb.RunOptions(limit=3))
    plan = qb.open_plan(file)
    summary = qb.run_batch_sync(
        plan, connection=qb.Simulated(latency="0"), out_dir=folder / "r", on_progress=told.append
    )
    run = qb.open_run(folder / "r")
    compared = qb.compare_plan(plan, str(folder / "r"), source=file)
    line = next(run.lines())
    return [
        qb.load_spec(file), plan, plan.figures, plan.samples(1)[0], *plan.items(), plan.terms, request, request.options,
        request.connection, qb.Connection(key="k"), summary, summary.counts, summary.books, run, line, line.images[0],
        run.status(), run.glance(), run.verify(), run.find_prunable(), compared, compared.comparison,
        qb.plans.budget_outlook(plan), qb.open_catalog("2026-05"), *told,
    ]  # fmt: skip


def test_every_one_of_them_is_short(shown: list[object], tmp_path_factory: pytest.TempPathFactory) -> None:
    tests = str(tmp_path_factory.getbasetemp().parent)
    for each in shown:
        assert "\n" not in repr(each)
        # the folder of all tests is longer than most
        assert len(repr(each).replace(tests, "")) <= LONGEST, repr(each)


def test_options_show_what_was_asked_for() -> None:
    assert repr(qb.RunOptions()) == "RunOptions()"
    assert repr(qb.RunOptions(max_usd=5, only="model == 'x'")) == "RunOptions(only=\"model == 'x'\", max_usd=5)"
