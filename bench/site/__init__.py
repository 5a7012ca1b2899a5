"""The boards as static pages, which open from a file without a network."""
