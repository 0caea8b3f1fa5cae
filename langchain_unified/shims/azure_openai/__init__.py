"""The Azure OpenAI wire: OpenAI's, over deployments."""
