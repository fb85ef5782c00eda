"""The answers of people about the images of run folders: votes and picks, and what follows from them."""
