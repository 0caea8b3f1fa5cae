"""The Azure OpenAI surface: OpenAI's models behind deployments."""
