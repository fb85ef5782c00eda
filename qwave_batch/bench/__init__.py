"""Public benchmarks: data that say how each one's own prompt files are read, and what its scorer wants."""
