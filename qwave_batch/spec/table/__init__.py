"""Tables: files whose rows are prompts, read one row at a time."""
