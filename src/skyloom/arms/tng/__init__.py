"""Galaxies of the IllustrisTNG simulations: selection, gas, rotation, maps, images, splits."""
