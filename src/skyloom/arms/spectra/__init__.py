"""The science of stellar spectra that the helium and the stellar arm share."""
