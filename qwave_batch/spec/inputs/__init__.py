"""The files that a spec may read: where they are, whether they are allowed, and their bytes as text."""
