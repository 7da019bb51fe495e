"""The configuration, each of whose keys is declared here once."""

from skyloom.extras import extra

with extra("workflow"):
    import pydantic  # noqa: F401
