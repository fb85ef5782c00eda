"""Frozen data and Protocols that every package shares; nothing here has side effects."""
