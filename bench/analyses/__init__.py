"""Analyses of features, one a file; see `bench.analysis`."""
