"""What a person sees: text that is safe to print, tables, amounts, problems, progress."""
