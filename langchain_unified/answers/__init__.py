"""Answers: made one, cut at stop strings, priced, named, and put on record."""
