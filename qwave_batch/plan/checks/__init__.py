"""Checks that find what the author of a spec may not mean."""
