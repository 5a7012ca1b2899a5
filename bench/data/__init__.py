"""Data files and what is made of them: decoded once, kept, read a batch at a time."""
