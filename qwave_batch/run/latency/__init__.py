"""How long tasks take, learned from what the API answers, and the best ages to ask at that follow from it. Pure."""
