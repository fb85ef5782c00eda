"""The spec: a YAML file, read with lines and columns, checked, and turned into frozen data."""
