"""How far an estimate may be off: intervals at 95 %, and a bootstrap that draws whole prompts. Pure."""
