"""Other people's training loops with our losses."""
