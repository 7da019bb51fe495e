"""OBS_CLASS of the 4XMM catalogue."""

#: From 0, without any bad area, to 5, with nothing but.
CLASSES = range(6)
#: An image of this class and above is bad (section 3.3.3 of the degree project).
FIRST_BAD = 2
#: The column that says whether the network can know such an image, and what it then says.
FLAG, UNLIKE = "flag", "unlike"
