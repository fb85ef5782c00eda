"""What a run leaves for its readers: manifest and summary; and the commands that check, clean and tell of it."""
