"""Structured output: the parser of answers, whichever way the form was asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from enum import Enum
from itertools import chain
from operator import itemgetter
from typing import Any, get_origin

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.output_parsers import BaseTransformOutputParser
from langchain_core.outputs import ChatGeneration, Generation
from langchain_core.runnables import (
    Runnable,
    RunnableGenerator,
    RunnableLambda,
    RunnablePassthrough,
)
from langchain_core.runnables.utils import AddableDict
from langchain_core.utils.json import parse_json_markdown, parse_partial_json
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json
from typing_extensions import override

from langchain_unified.answers.errors import (
    RefusalError,
    StructuredOutputError,
    StructuredValidationError,
    TruncatedOutputError,
    form_error,
    refusal_error,
    refusal_of,
)
from langchain_unified.answers.parsed import PARSED
from langchain_unified.content import RECORD
from langchain_unified.schemas import (
    Reading,
    Structure,
    reading_of,
    readings,
    violation,
)

__all__ = [
    "RefusalError",
    "StructureParser",
    "StructuredOutputError",
    "StructuredValidationError",
    "TruncatedOutputError",
    "structured",
]


class StructureParser(BaseTransformOutputParser[Any]):
    """Reads an object from an answer: from a tool call, else from JSON text."""

    structure: Structure
    lenient: bool = False
    """Whether an answer without the form gives `None` instead of an error."""

    model_config = ConfigDict(arbitrary_types_allowed=True, defer_build=True)

    @property
    def OutputType(self) -> Any:  # noqa: N802 - LangChain's name
        """Return what is parsed to."""
        target = self.structure.target
        known = isinstance(target, type) or self.structure.checks_itself
        return target if known else dict[str, Any]

    @override
    def parse(self, text: str) -> Any:
        return self.parse_result([ChatGeneration(message=AIMessage(text))])

    @override
    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Return the object an answer holds.

        Raises:
            RefusalError: If the model refused.
            TruncatedOutputError: If the answer was cut off.
            StructuredOutputError: If the answer has another form.
        """
        generation = result[0]
        if not isinstance(generation, ChatGeneration):
            return self.parse(generation.text)
        message = generation.message
        if partial:
            return self._partial(message)
        if self.lenient and self.problem(message) is not None:
            return None
        return self._whole(message)

    def problem(self, message: BaseMessage) -> Exception | None:
        """Return what is wrong with an answer, `None` if nothing is."""
        try:
            self._whole(message)
        except Exception as error:  # noqa: BLE001
            return error
        return None

    def _partial(self, message: BaseMessage) -> Any:
        """Return what can be read of an unfinished answer, `None` for nothing yet."""
        found = self._call(message)
        if found is None and message.text.lstrip():
            try:
                found = parse_partial_json(message.text)
            except ValueError:
                return None
        reading = _reading(message)
        if reading.wrapped and isinstance(found, dict):
            found = found.get(reading.wrapped)
        if not isinstance(found, (dict, list)):
            return None
        try:
            return self._read(found, reading._replace(wrapped=None, checked=False))
        except ValueError:
            return None

    def _whole(self, message: BaseMessage) -> Any:
        if (model := _served_before(message)) is not None:
            return _reader_before(self.structure, model).invoke(_unrecorded(message))
        refusal = refusal_of(message)
        if refusal:
            raise refusal_error(refusal, message)
        found = self._call(message)
        if found is None and _has_calls(message):
            return None
        try:
            whole = _json(message) if found is None else found
            read = self._read(whole, _reading(message))
        except ValueError as error:
            raise form_error(error, message, self.structure.target) from error
        told = self.structure.method != "json_mode" and isinstance(read, BaseModel)
        if told and PARSED in message.additional_kwargs:
            message.additional_kwargs[PARSED] = read
        return read

    def _call(self, message: BaseMessage) -> Any:
        calls = message.tool_calls if isinstance(message, AIMessage) else []
        named = (call for call in calls if call["name"] == self.structure.name)
        return next((call["args"] for call in named), None)

    def _read(self, found: Any, reading: Reading) -> Any:
        """Return the answer in the form asked for, whichever way it stands for it.

        Raises:
            ValueError: If it does not have that form.
        """
        schema = self.structure.schema
        first: ValueError | None = None
        for one in readings(found, schema, reading):
            try:
                typed = self._typed(one)
                problem = None
                if reading.checked and schema is not None:
                    problem = violation(one, schema)
            except ValueError as error:
                first = first or error
                continue
            if problem is None:
                return typed
            first = first or ValueError(problem)
        raise first or ValueError(_EMPTY)

    def _typed(self, found: Any) -> Any:
        """Return the object as an instance of what the user gave."""
        target = self.structure.target
        if not self.structure.checks_itself:
            return found
        if isinstance(target, type) and is_basemodel_subclass(target):
            model: Any = target
            if not hasattr(model, "model_validate"):
                return model.parse_obj(found)
            return _validated(model.model_validate, model.model_validate_json, found)
        if not _checkable(target):
            return found
        adapter = self.structure.adapter
        return _validated(adapter.validate_python, adapter.validate_json, found)

    @override
    def _transform(self, input: Iterator[Any]) -> Iterator[Any]:
        merged = None
        last = None
        for piece in input:
            if merged is None and not self.lenient and _served_before(piece):
                pieces = map(_unrecorded, chain([piece], input))
                reader = _reader_before(self.structure, str(_served_before(piece)))
                yield from reader.transform(pieces)
                return
            merged = piece if merged is None else merged + piece
            found = self.parse_result([ChatGeneration(message=merged)], partial=True)
            if found is not None and found != last:
                yield found
                last = found
        yield from self._final(merged, last)

    @override
    async def _atransform(self, input: AsyncIterator[Any]) -> AsyncIterator[Any]:
        merged = None
        last = None
        async for piece in input:
            if merged is None and not self.lenient and _served_before(piece):
                async for found in self._read_before(piece, input):
                    yield found
                return
            merged = piece if merged is None else merged + piece
            found = self.parse_result([ChatGeneration(message=merged)], partial=True)
            if found is not None and found != last:
                yield found
                last = found
        for found in self._final(merged, last):
            yield found

    async def _read_before(
        self, first: Any, rest: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """Yield what ChatOpenAI's own reader makes of a stream."""

        async def pieces() -> AsyncIterator[Any]:
            yield _unrecorded(first)
            async for piece in rest:
                yield _unrecorded(piece)

        reader = _reader_before(self.structure, str(_served_before(first)))
        async for found in reader.atransform(pieces()):
            yield found

    def _final(self, merged: Any, last: Any) -> Iterator[Any]:
        """Check the whole answer at the end of the stream."""
        if merged is None:
            return
        found = self.parse_result([ChatGeneration(message=merged)])
        if found is not None and found != last:
            yield found
        elif self.lenient and last is None:
            yield None


def _served_before(message: BaseMessage) -> str | None:
    """Return the model of an answer on the rollout's legacy path, else `None`."""
    record = message.response_metadata.get(RECORD) or {}
    by = (record.get("rollout") or {}).get("served_by")
    return str(record.get("model")) if by == "legacy" else None


def _reader_before(structure: Structure, model: str) -> Runnable[Any, Any]:
    """Return ChatOpenAI's own reader: on its path its objects and errors come back."""
    from langchain_unified.shims.legacy.shim import reader_of  # noqa: PLC0415

    reader: Runnable[Any, Any] = reader_of(structure, model)
    return reader


def _unrecorded(message: Any) -> Any:
    """Return a message without our record, which ChatOpenAI's errors would repeat."""
    metadata = {k: v for k, v in message.response_metadata.items() if k != RECORD}
    return message.model_copy(update={"response_metadata": metadata})


def _checkable(target: Any) -> bool:
    """Tell whether pydantic can check answers against a type that is not its own."""
    if get_origin(target) is not None or not isinstance(target, type):
        return True
    return dataclasses.is_dataclass(target) or issubclass(target, Enum)


def _validated(
    of_python: Callable[[Any], Any], of_json: Callable[[bytes], Any], found: Any
) -> Any:
    """Check an answer; what pydantic takes in JSON only is taken as well.

    A strict class takes a date as text, or a set as a list, in JSON but not in Python.
    """
    try:
        return of_python(found)
    except ValueError:
        try:
            return of_json(to_json(found))
        except ValueError:
            pass
        raise


def _reading(message: BaseMessage) -> Reading:
    return reading_of(message.response_metadata.get(RECORD))


def _has_calls(message: BaseMessage) -> bool:
    return isinstance(message, AIMessage) and bool(message.tool_calls)


def _json(message: BaseMessage) -> Any:
    if not message.text.strip():
        raise ValueError(_EMPTY)
    return parse_json_markdown(message.text, parser=_strictly)


_EMPTY = "the response is empty"


def _strictly(text: str) -> Any:
    """`parse_json_markdown` repairs cut-off JSON; a whole answer is whole."""
    import json  # noqa: PLC0415

    return json.loads(text, strict=False)


def structured(
    llm: Runnable[Any, Any], structure: Structure, *, include_raw: bool
) -> Runnable[Any, Any]:
    """Return a runnable that gives objects.

    Args:
        llm: A model with the structure bound.
        structure: The form asked for.
        include_raw: Whether to give `{"raw", "parsed", "parsing_error"}`.
    """
    parser = StructureParser(structure=structure)
    if not include_raw:
        return llm | parser
    lenient = StructureParser(structure=structure, lenient=True)
    parsed = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | lenient,
        parsing_error=itemgetter("raw") | RunnableLambda(parser.problem),
    )
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    raw = RunnableGenerator(_as_raw, _aas_raw)
    return llm | raw | parsed.with_fallbacks([failed], exception_key="parsing_error")


def _as_raw(pieces: Iterator[Any]) -> Iterator[AddableDict]:
    """Name each piece of an answer; a `RunnableMap` would lose the call's keywords."""
    for piece in pieces:
        yield AddableDict(raw=piece)


async def _aas_raw(pieces: AsyncIterator[Any]) -> AsyncIterator[AddableDict]:
    async for piece in pieces:
        yield AddableDict(raw=piece)
