"""Verdicts on run folders: two sides compared by their scores, and a gate of rules that a folder passes or not."""
