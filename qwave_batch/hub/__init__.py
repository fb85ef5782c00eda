"""A dataset's layout, brought to a repository of the Hub: what differs is uploaded, in few commits.

``hub_client`` is the only module that knows the Hub's own client; the others decide and can do without it.
"""
