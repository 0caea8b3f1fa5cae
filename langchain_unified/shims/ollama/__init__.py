"""The Ollama wire: plans to `/api/chat` and answers back."""
