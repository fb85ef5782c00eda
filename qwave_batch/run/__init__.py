"""Runs jobs: selection, scheduling, limits, money, polling and download, over the ledger."""
