"""Synthetic spectra of cooler stars."""
