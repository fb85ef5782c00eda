"""The only room that opens, makes, moves and removes files whose names or places a stranger may have chosen."""
