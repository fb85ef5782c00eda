"""The only room that starts git: so that nothing which a repository names is run, and no key is at hand."""
