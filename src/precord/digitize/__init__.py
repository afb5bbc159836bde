"""Pictures of ECGs on paper to records."""
