"""Specs that follow a newer catalog: what is rewritten, where, and what is left to their authors."""
