"""What the vendors offer: dated JSON Schemas, spelling and prices. No code here knows a vendor by name."""
