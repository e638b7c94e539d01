"""API keys: those of the file and those of the store."""
