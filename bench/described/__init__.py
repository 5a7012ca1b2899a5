"""Data without code: a description of somebody's own table, and the dataset that it makes."""
