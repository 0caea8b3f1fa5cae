"""The figures of the house: `python -m tests.structure` prints them."""
