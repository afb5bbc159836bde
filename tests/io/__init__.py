"""Tests of precord.io."""  # noqa: A005 - it mirrors the package
