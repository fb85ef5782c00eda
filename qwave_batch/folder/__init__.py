"""The run folder on disk: its places, its lock, and how bytes get there whole."""
