"""Answers taken out of the object that a wire wanted around them.

`with_structured_output` reads an answer under a key itself. Whoever gives a
`response_format` of a list reads the text of the message, which is to be the list.
"""

from __future__ import annotations

import re
from typing import Any

from langchain_core.messages import BaseMessage

from langchain_unified.content import kept_blocks, replace_native

_OPENING, _CLOSING, _SPACE = frozenset("[{"), frozenset("]}"), frozenset(" \t\r\n")


class Unwrapper:
    """Takes the value of the only key out of JSON text that comes in pieces.

    Text that does not begin with the key is passed on as it is.

    Args:
        key: The key.

    Example:
        >>> pieces = Unwrapper("value")
        >>> [pieces.feed(text) for text in ('{"val', 'ue": [1,', " {}]", "}")]
        ['', '[1,', ' {}]', '']
    """

    def __init__(self, key: str) -> None:
        """Start before the first piece."""
        self._key = re.compile(rf'\s*\{{\s*"{re.escape(key)}"\s*:\s*(?=\S)')
        self._opening = f'{{"{key}":'
        self._held = ""
        self._inside = self._apart = self._done = False
        self._depth = 0
        self._quoted = self._escaped = False

    def feed(self, text: str) -> str:
        """Return what can be passed on of a piece."""
        if self._apart:
            return text
        if self._inside:
            return self._value(text)
        self._held += text
        found = self._key.match(self._held)
        if found is not None:
            self._inside = True
            rest, self._held = self._held[found.end() :], ""
            return self._value(rest)
        self._apart = not self._opening.startswith("".join(self._held.split()))
        return self.rest() if self._apart else ""

    def rest(self) -> str:
        """Return what was held back of text that ended early."""
        held, self._held = self._held, ""
        return held

    def _value(self, text: str) -> str:
        """Return the part of a text that belongs to the value."""
        found = []
        for character in text:
            if self._done or self._ends(character):
                break
            if self._depth or self._quoted or character not in _SPACE:
                found.append(character)
            self._count(character)
        return "".join(found)

    def _ends(self, character: str) -> bool:
        self._done = not self._depth and not self._quoted and character in ",}"
        return self._done

    def _count(self, character: str) -> None:
        if self._escaped:
            self._escaped = False
        elif self._quoted:
            self._escaped = character == "\\"
            self._quoted = character != '"'
        elif character == '"':
            self._quoted = True
        elif character in _OPENING:
            self._depth += 1
        elif character in _CLOSING:
            self._depth -= 1


class MessageUnwrapper:
    """Takes the answer out of its key, in whole messages and in pieces of one.

    Args:
        key: The key.
    """

    def __init__(self, key: str) -> None:
        """Start before the first piece."""
        self._text, self._native = Unwrapper(key), Unwrapper(key)

    def feed(self, message: BaseMessage) -> None:
        """Change the text of a message, or of a piece of one."""
        content: Any = message.content
        if isinstance(content, str):
            message.content = self._text.feed(content)
        else:
            message.content = [_changed(block, self._text) for block in content]
        blocks = kept_blocks(message)
        if blocks is not None:
            replace_native(message, [_changed(one, self._native) for one in blocks])

    def rest(self) -> str:
        """Return what was held back of an answer that ended early."""
        return self._text.rest()


def unwrap(message: BaseMessage, key: str) -> None:
    """Take the answer of a whole message out of a key.

    Args:
        message: The answer; it is changed.
        key: The key.
    """
    pieces = MessageUnwrapper(key)
    pieces.feed(message)
    rest = pieces.rest()
    if rest and isinstance(message.content, str):
        message.content = message.content + rest


def _changed(block: Any, pieces: Unwrapper) -> Any:
    if isinstance(block, str):
        return pieces.feed(block)
    has_text = isinstance(block, dict) and isinstance(block.get("text"), str)
    if not has_text or block.get("type") not in _TEXTS:
        return block
    return {**block, "text": pieces.feed(block["text"])}


_TEXTS = frozenset({"text", "output_text"})
