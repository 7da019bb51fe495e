"""SDSS, BOSS and eBOSS spectra: reading, sampling, drawing and classifying them."""
