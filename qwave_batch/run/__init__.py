"""How jobs are run: selection, scheduling, limits, money, polling and download, over the ledger."""
