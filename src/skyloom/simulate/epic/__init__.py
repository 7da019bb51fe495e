"""A simulator of EPIC images: chips, optics, sky, background, defects, files.

It makes images that look like those of 4XMM, with defects whose area defines OBS_CLASS, so that the
arm can be run and tested without the archive. Its laws were fixed before any network was trained
on it, and nothing made from it is science: every file says so.
"""
