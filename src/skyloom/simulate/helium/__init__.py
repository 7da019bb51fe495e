"""Synthetic spectra of hot stars about He I 4471."""
