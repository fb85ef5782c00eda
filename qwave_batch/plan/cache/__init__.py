"""Caches that make expansion fast: work shared by many cells of a matrix is done once."""
