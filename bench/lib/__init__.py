"""Shared by the scripts of the bench. Uses only Python's standard library."""
