"""From a spec and a catalog to jobs: the meaning of a matrix."""
