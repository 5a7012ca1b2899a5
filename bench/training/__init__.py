"""Training one model: the loop, its schedule, and its evaluation."""
