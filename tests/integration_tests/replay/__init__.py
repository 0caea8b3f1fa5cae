"""Recorded exchanges, played to `ChatOpenAI` and to `UnifiedChatModel`."""
