"""Run folders become what the scorers of benchmarks read: names, numbers, grids, forms and lists of pictures."""
