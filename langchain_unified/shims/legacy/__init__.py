"""The untouched `ChatOpenAI`, for the modes of a rollout."""
