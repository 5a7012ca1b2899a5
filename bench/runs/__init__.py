"""Runs: cells planned, sent to processes, and their records written as they come."""
