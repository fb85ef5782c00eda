"""What makes expansion fast: work that many cells of a matrix share is done once."""
