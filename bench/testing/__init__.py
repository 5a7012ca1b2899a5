"""The contract of a plug-in, for authors and for the test suite."""
