"""The clinician's page: static files without a build step, and one file of words a language."""
