"""Reads YAML into values, each with its line and column."""
