"""OBS_CLASS of the 4XMM catalogue."""

#: From 0, without any bad area, to 5, with nothing but.
CLASSES = range(6)
#: An image of this class and above is bad (section 3.3.3 of the degree project).
FIRST_BAD = 2
