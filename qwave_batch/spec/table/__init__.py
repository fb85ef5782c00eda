"""Tables: files in which each row is a prompt, read one row at a time."""
