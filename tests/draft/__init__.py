"""Tests of drafting a report from precedents."""
