"""The truth of a run folder: what was meant to be sent, what was sent, what it became and what it cost."""
