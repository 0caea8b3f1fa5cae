"""Schemas of answers and of tools, on every wire."""
