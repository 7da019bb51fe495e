"""The report of a run: one HTML page that opens without a network."""

from skyloom.extras import extra

with extra("report"):
    import bokeh  # noqa: F401
    import jinja2  # noqa: F401
    import matplotlib  # noqa: F401
