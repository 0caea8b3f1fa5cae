"""The checks of a Gemini request."""
