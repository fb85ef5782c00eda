"""Checks whether a JSON value fits a JSON Schema, yes or no: a schema is compiled to plain functions once.

The reference is jsonschema, which also gives reasons; it takes a tenth of a second to load and a few hundred
microseconds per request. A value that fits, as nearly all do, never needs it. Compilation is exact or refused: a schema
with unknown keywords has no fast check, and the reference is used each time.
"""
