"""OpenAI's API, parsed once: from bytes to dictionaries to LangChain messages.

`transport` sends and receives, `chat` and `responses` parse answers, `chat_stream` and
`responses_stream` parse event streams, `errors` turns SDK errors into ours.
"""
