"""Fetches, checks and stores the images of completed tasks."""
