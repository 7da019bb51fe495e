"""Every plot, in one look: arrays and tables in, a Matplotlib figure out."""

from skyloom.extras import extra

with extra("report"):
    import matplotlib  # noqa: F401
