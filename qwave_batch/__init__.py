"""Declarative batch specs for image generation over the QWave API."""
