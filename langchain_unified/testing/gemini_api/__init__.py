"""The Gemini surfaces: generateContent, streaming, countTokens and models."""
