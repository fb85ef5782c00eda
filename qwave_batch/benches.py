"""Benchmarks: public prompt sets in, the layouts of their scorers out."""

from qwave_batch.bench.benchmark import Benchmark, benchmark_names, find_benchmark

__all__ = [
    "Benchmark",
    "benchmark_names",
    "find_benchmark",
]
