"""precord: find the past ECGs most like this one, with their reports."""

__version__ = "0.1.0"
