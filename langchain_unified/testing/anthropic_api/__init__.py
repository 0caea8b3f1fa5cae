"""The Anthropic surface: messages, streamed or not, and models."""
