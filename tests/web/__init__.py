"""Tests of the page, in a browser and of its files."""
