"""One way to say that something is refused, in a sentence that says why."""

import pytest

from skyloom.errors import InputError


def refused(said, function, *args, error=InputError, **kwargs):
    """Assert that a call raises this error, in whose sentence the pattern `said` is found."""
    with pytest.raises(error, match=said):
        function(*args, **kwargs)
