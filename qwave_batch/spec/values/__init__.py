"""The values of a spec: paths to them, their conversion to text, and messages about misused ones."""
