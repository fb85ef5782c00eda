"""What was asked for: a YAML file read with line and column, checked, and handed on as frozen data."""
