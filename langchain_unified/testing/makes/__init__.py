"""Servers of other makes that speak chat completions, each with its own ways."""
