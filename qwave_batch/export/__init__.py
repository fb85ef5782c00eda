"""Exports: datasets made of run folders, in the layouts that other tools load.

One export goes this way: the rows that are asked for are selected into a temporary file (``selection``, ``row_spool``),
their images are read, checked and changed as asked (``image_loading``), and a format (``formats``) puts them into the
output, which only what has changed is written to (``out_folder``).
"""
