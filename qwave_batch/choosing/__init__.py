"""Which jobs of a stage are made, by what is known of their parents: scores, findings, picks and ratings of people."""
