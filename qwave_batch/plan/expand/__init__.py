"""Expands a spec with a catalog into jobs: the semantics of the matrix."""
