"""Public benchmarks: their prompt files become specs, and run folders become what their scorers read."""
