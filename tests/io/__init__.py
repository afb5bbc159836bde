"""Tests of precord.io."""
