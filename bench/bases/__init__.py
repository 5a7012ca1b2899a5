"""What several datasets, or several methods, share."""
