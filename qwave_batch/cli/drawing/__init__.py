"""Output for people: text that is safe to print, tables, amounts, problems, progress."""
