"""Records held against their evidence: predictions, history and each other. Never imports torch."""
