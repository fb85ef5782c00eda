"""The results of a run for its readers, manifest and summary, and the commands that check, clean and report them."""
