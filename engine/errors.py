"""The errors that a user is meant to read."""

from __future__ import annotations


class BoxscopeError(Exception):
    """One clear sentence: what was wrong, where, and what to do.

    The window shows the sentence in a message that can be dismissed; the command line prints it
    on standard error and exits with status 2. Anything else that is raised is a defect.
    """


class Cancelled(Exception):
    """Raised inside long work when its ``cancelled()`` callable has turned true."""
