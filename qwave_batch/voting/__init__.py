"""Votes and picks: the verdicts of people on the images of run folders, and what follows from them."""
