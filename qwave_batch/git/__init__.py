"""Git, asked so that nothing of a repository is run and no key is at hand."""
