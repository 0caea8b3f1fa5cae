"""langchain-openai's own tests, with `UnifiedChatModel` in ChatOpenAI's place."""
