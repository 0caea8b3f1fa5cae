"""Speed against the classes this package replaces: `python -m tests.benchmarks`."""
