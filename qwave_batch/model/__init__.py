"""Frozen data and Protocols that every room shares; nothing here acts."""
