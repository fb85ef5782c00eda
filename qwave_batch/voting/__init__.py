"""What people said of the images of run folders: votes and picks, and what follows from them."""
