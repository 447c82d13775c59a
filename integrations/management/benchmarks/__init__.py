"""Measuring syncs against a sandbox in a process of its own, on a database of its own."""
