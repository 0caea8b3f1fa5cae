"""The rules of the Messages API, one concern per module."""
