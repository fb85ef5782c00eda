"""From a spec and a catalog to a stream of jobs: pure, lazy, in a stable order, each with a stable identity."""
