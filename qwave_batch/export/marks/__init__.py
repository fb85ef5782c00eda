"""Marks of origin in exported images: that a model made them, which one, and for which job.

A mark is added to the bytes of an exported file and to nothing else: its pixels stay as they are, and a run folder's
own files are never marked.
"""
