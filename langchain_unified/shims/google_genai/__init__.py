"""The Gemini wire: plans to the google-genai SDK's types and answers back."""
