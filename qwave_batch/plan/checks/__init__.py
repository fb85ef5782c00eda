"""Checks for parts of a spec that its author may not have intended."""
