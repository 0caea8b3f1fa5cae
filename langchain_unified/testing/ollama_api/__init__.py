"""The Ollama surface: chat, tags and version."""
