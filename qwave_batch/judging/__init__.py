"""The scorer ``judge``: a vision model is asked about images, for money, and never twice for one answer."""
