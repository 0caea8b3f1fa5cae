"""The codemod on public projects, run by `python -m tests.projects`."""
