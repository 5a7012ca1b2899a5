"""Leaderboards: a pure function of the records and of what each dataset says of itself. Never imports torch."""
