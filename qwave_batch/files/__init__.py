"""The only package that opens, creates, moves and removes files whose names or locations a stranger may have chosen."""
