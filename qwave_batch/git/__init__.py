"""The only package that starts git, in a way that runs nothing named by a repository and exposes no key."""
