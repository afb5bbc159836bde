"""Filters, quality, beats, measurements, and the preparation that the model sees."""
