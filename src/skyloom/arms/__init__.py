"""The arms, a folder each, and their registry."""
