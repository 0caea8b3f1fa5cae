"""Methods of `ChatOpenAI` that subclasses override, and that nothing here calls."""

from __future__ import annotations

import warnings

# Read in langchain-openai 1.7.4, `BaseChatOpenAI`, 2026-11-28.
_INSTEAD = {
    "_get_request_payload": "`extra_body`, or `_generate` and `_stream`",
    "_create_message_dicts": "`_generate` and `_stream`, whose messages can be changed",
    "_default_params": "`model_kwargs` or `extra_body`",
    "_create_chat_result": "`_generate`, whose result can be changed",
    "_convert_chunk_to_generation_chunk": "`_stream`, whose chunks can be changed",
    "_use_responses_api": "`use_responses_api=`",
}


def warn_of_uncalled(model: type) -> None:
    """Warn of methods that a subclass defines for ChatOpenAI, which are not called.

    A request is planned for the model of each call, whichever provider it has.

    Args:
        model: The new class.
    """
    for name in _INSTEAD.keys() & vars(model).keys():
        warnings.warn(
            f"{model.__name__}.{name} is a method of ChatOpenAI that UnifiedChatModel "
            f"does not call; override {_INSTEAD[name]}.",
            stacklevel=5,
        )
