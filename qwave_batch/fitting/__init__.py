"""Whether a JSON value fits a JSON Schema, yes or no: a schema turned into plain functions, once.

The reference is jsonschema, which says what is wrong too; it takes a tenth of a second to load and a few hundred
microseconds a request. A value that fits, as nearly all do, need never meet it. What is turned here is exact or not
turned at all: a schema that says more than is known here has no check, and the reference is asked each time.
"""
