"""How the items of a Responses conversation must follow each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from langchain_unified.testing.errors import refuse
from langchain_unified.testing.openai_api.checks.items import kind_of
from langchain_unified.testing.signing import subject_of

if TYPE_CHECKING:
    from langchain_unified.testing.openai_api.call import OpenAICall


def load_history(call: OpenAICall) -> None:
    """Put the items of the previous response in front of the input."""
    previous = call.body.get("previous_response_id")
    call.history_is_unknown = "conversation" in call.body
    if previous is None:
        return
    history = call.store.conversation(previous)
    if history is None and call.settings.accept_foreign_tokens:
        call.history_is_unknown = True
        return
    if history is None:
        refuse(
            f"Previous response with id '{previous}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    call.history.extend(history)


def conversation_of(call: OpenAICall) -> list[dict[str, Any]]:
    """Return all items: those of the previous response, then the input."""
    given = call.body.get("input") or []
    if isinstance(given, str):
        given = [{"type": "message", "role": "user", "content": given}]
    return [*call.history, *[_resolved(call, item) for item in given]]


def check_call_pairs(call: OpenAICall) -> None:
    """Refuse outputs without their calls, and calls without their outputs."""
    made: set[str] = set()
    others: set[str | None] = set()
    answered: set[str] = set()
    for item in conversation_of(call):
        kind = kind_of(item)
        call_id: Any = item.get("call_id")
        if kind == "function_call":
            made.add(call_id)
        elif kind.endswith("_call"):
            others.add(call_id)
        elif kind == "function_call_output":
            if call_id not in made | others and not call.history_is_unknown:
                text = "No tool call found for function call output with call_id"
                refuse(f"{text} {call_id}.", param="input")
            answered.add(call_id)
    for call_id in sorted(made - answered):
        refuse(f"No tool output found for function call {call_id}.", param="input")


def check_reasoning_items(call: OpenAICall) -> None:
    """Refuse reasoning that is unknown, altered, from another model, or dangling."""
    items = call.body.get("input") or []
    if isinstance(items, str):
        return
    for index, item in enumerate(items):
        if kind_of(item) == "reasoning":
            _check_origin(call, item)
            _check_follower(call, item, items[index + 1 :])
        elif kind_of(item) in ("function_call", "message"):
            _check_leader(call, item, items[:index])


def _resolved(call: OpenAICall, item: dict[str, Any]) -> dict[str, Any]:
    if kind_of(item) != "item_reference":
        return item
    found = call.store.item(item["id"])
    if found is None and call.settings.accept_foreign_tokens:
        call.history_is_unknown = True
        return item
    if found is None:
        _not_found(item["id"])
    return found


def _check_origin(call: OpenAICall, item: dict[str, Any]) -> None:
    sealed = item.get("encrypted_content")
    if call.settings.accept_foreign_tokens:
        return
    if sealed is None:
        if call.store.item(item["id"]) is None:
            _not_found(item["id"])
    elif subject_of(sealed) != f"openai {call.rules.id}":
        refuse(
            f"The encrypted content for item {item.get('id')} could not be verified. "
            "Reason: Encrypted content could not be decrypted or parsed.",
            param="input",
            code="invalid_encrypted_content",
        )


def _check_follower(
    call: OpenAICall, item: dict[str, Any], later: list[dict[str, Any]]
) -> None:
    """Refuse reasoning whose item is not next, or next without its own id.

    What is stored is known by ids: a message in other words is not the message that
    followed (recorded by pydantic-ai).
    """
    follower = next((one for one in later if kind_of(one) != "reasoning"), {})
    known = call.keeps_items and item.get("id") is not None
    lacks_id = known and _lacks_id(follower)
    if not follower or not _comes_from_model(follower) or lacks_id:
        refuse(
            f"Item '{item.get('id')}' of type 'reasoning' was provided without its "
            f"required following item.",
            param="input",
        )


def _lacks_id(item: dict[str, Any]) -> bool:
    return item.get("id") is None and kind_of(item) in ("message", "function_call")


def _comes_from_model(item: dict[str, Any]) -> bool:
    kind = kind_of(item)
    if kind == "message":
        return item.get("role") == "assistant"
    return kind != "function_call_output"


def _check_leader(
    call: OpenAICall, item: dict[str, Any], earlier: list[dict[str, Any]]
) -> None:
    """Refuse a kept item whose reasoning was left out."""
    if call.history or call.history_is_unknown or item.get("id") is None:
        return
    leader = (call.store.item(item["id"]) or {}).get("reasoning_id")
    if leader and all(one.get("id") != leader for one in earlier):
        refuse(
            f"Item '{item['id']}' of type '{kind_of(item)}' was provided without its "
            f"required 'reasoning' item: '{leader}'.",
            param="input",
        )


def _not_found(item_id: str) -> NoReturn:
    refuse(
        f"Item with id '{item_id}' not found. Items are not persisted when `store` is "
        "set to false. Try again with `store` set to true, or remove this item from "
        "your input.",
        param="input",
        status=404,
    )
