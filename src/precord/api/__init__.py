"""The REST API: what a page, a script or another program may ask of a case library."""
