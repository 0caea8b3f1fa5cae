"""The OpenAI surfaces: Chat Completions, Responses and Models."""
