"""Acme's models for langchain-unified."""
