"""A plan as a file: written, sealed, and read back unchanged."""
