"""Synthetic archives and universes in the formats of the real ones."""
