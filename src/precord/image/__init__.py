"""ECGs as pictures: the encodings that models read, and the paper that people read."""
