"""The ledger of a run folder: which submits were intended and sent, how each ended and how much it cost."""
