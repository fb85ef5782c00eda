"""Samples that are spread over models."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.reproducing.spread_sample import SpreadSample

JOBS = st.dictionaries(st.text("0123456789abcdef", min_size=4, max_size=4), st.sampled_from("abc"), max_size=60)


def drawn(jobs: dict[str, str], most: int, seed: int = 0) -> list[str]:
    sample: SpreadSample[str] = SpreadSample(most, seed)
    for job_id, model in jobs.items():
        sample.add(job_id, model, job_id)
    return list(sample.spread())


@given(JOBS, st.integers(1, 40))
def test_it_holds_as_many_as_there_are_and_no_job_twice(jobs: dict[str, str], most: int) -> None:
    found = drawn(jobs, most)
    assert len(found) == len(set(found)) == min(most, len(jobs))
    assert set(found) <= set(jobs)


@given(JOBS, st.integers(1, 40))
def test_no_model_has_two_more_than_one_that_has_jobs_left(jobs: dict[str, str], most: int) -> None:
    taken = Counter(jobs[job_id] for job_id in drawn(jobs, most))
    there = Counter(jobs.values())
    short = [model for model in there if taken[model] < there[model]]
    assert all(taken[other] <= taken[model] + 1 for model in short for other in there)


@given(JOBS, st.integers(1, 20), st.integers(0, 20), st.integers(0, 3))
def test_a_larger_sample_holds_a_smaller_one(jobs: dict[str, str], most: int, more: int, seed: int) -> None:
    assert set(drawn(jobs, most, seed)) <= set(drawn(jobs, most + more, seed))


@given(JOBS)
def test_the_choice_does_not_depend_on_the_order_within_a_model(jobs: dict[str, str]) -> None:
    upwards = sorted(jobs.items(), key=lambda item: (item[1], item[0]))
    downwards = sorted(jobs.items(), key=lambda item: (item[1], -int(item[0], 16)))
    assert drawn(dict(upwards), 7) == drawn(dict(downwards), 7)


def test_another_seed_chooses_others() -> None:
    jobs = {f"{number:04x}": "a" for number in range(200)}
    assert drawn(jobs, 10, seed=1) != drawn(jobs, 10, seed=2)
