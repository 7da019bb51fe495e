"""The stellar arm: a grid of synthetic spectra of F, G, K and A stars in a window of 300 Å."""
