"""Texts about an image inside its file: XMP, EXIF and what galleries read; pixels are never touched.

Bytes in, bytes out. A file that is not built as its format says is refused and never repaired; the time and memory
that hostile bytes take are bounded by their length.
"""
