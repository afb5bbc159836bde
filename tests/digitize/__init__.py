"""Tests of precord.digitize."""
