"""Scores: numbers that programs give to the images of run folders, made, kept and read."""
