"""Expands a spec with a catalog into a stream of jobs: pure, lazy, in a stable order, each with a stable id."""
