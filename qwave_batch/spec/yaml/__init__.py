"""YAML texts as values, each with its line and column."""
