"""The codemod on public projects: `python -m tests.projects` fetches and migrates them."""
