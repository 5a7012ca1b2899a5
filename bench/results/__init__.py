"""Records of cells: what they hold, where they lie, and which code they stand for. Never imports torch."""
