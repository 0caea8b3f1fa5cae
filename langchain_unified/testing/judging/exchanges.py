"""Recorded exchanges, read from files."""

from __future__ import annotations

import gzip
import itertools
import json
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_unified.testing.judging.cassettes import entries_of, interactions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Event = tuple[str, dict[str, Any]]

_OPENAI_PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses"}
_OPENAI_HOST = "api.openai.com"
_LINES = (".jsonl", ".jsonl.gz")
_CASSETTES = (".yaml", ".yml", ".yaml.gz", ".yml.gz")
_ARCHIVES = (".har", ".har.gz")
_DONE = "[DONE]"
_TOO_LONG = re.compile("maximum number of tokens|context length|context window")
_LONG = 100_000


@dataclass(frozen=True)
class Exchange:
    """One recorded request with the answer of the real API.

    Attributes:
        id: Where it was read from.
        host: Host the request went to; that of OpenAI where the recording hides it.
        path: URL path.
        status: HTTP status of the answer.
        request: The JSON body of the request.
        answer: The JSON body of the answer, or None.
        events: The events of a streamed answer with their names, or None.
        trimmed: Whether long values of the request were shortened.
    """

    id: str
    host: str
    path: str
    status: int
    request: dict[str, Any]
    answer: Any = None
    events: list[Event] | None = None
    trimmed: bool = False
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model asked for."""
        if "/models/" in self.path:
            return self.path.rpartition("/models/")[2].partition(":")[0]
        return str(self.request.get("model") or "")

    @property
    def streaming(self) -> bool:
        """Whether a streamed answer was asked for."""
        asked = self.request.get("stream") is True
        return asked or "streamGenerateContent" in self.path

    @property
    def lacks_what_was_refused(self) -> bool:
        """Whether the request was refused for its length, and is not whole here."""
        told = _TOO_LONG.search(json.dumps(self.answer))
        return told is not None and len(json.dumps(self.request)) < _LONG


def load_exchanges(
    path: str | Path, *, damaged: list[str] | None = None
) -> list[Exchange]:
    """Read the recordings of a file or folder.

    Args:
        path: A file, or a folder that is searched with all its subfolders. Read are
            lines of JSON (`.jsonl`) with `request`, `status` and `response` or `sse`,
            cassettes of vcrpy and Ruby's VCR (`.yaml`) and HTTP archives (`.har`); all
            of them may be gzipped.
        damaged: Gets a line for each file, or line of one, that cannot be read; they
            are left out.

    Returns:
        The exchanges with a JSON request, in the order of the files' names.

    Raises:
        FileNotFoundError: If there is no such file or folder.
    """
    root = Path(path)
    if not root.exists():
        message = f"There is no file or folder {root}."
        raise FileNotFoundError(message)
    files = sorted(root.rglob("*")) if root.is_dir() else [root]
    notes = [] if damaged is None else damaged
    return [found for file in files for found in _read(file, root, notes)]


def parse_events(text: str) -> list[Event]:
    """Parse server-sent events into names and JSON objects, leaving out `[DONE]`."""
    events: list[Event] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        name, data = "", ""
        for line in block.split("\n"):
            key, _, value = line.partition(":")
            if key == "event":
                name = value.strip()
            elif key == "data":
                data += value.strip()
        if data and data != _DONE:
            parsed = _parsed(data)
            if isinstance(parsed, dict):
                events.append((name, parsed))
    return events


def _read(file: Path, root: Path, damaged: list[str]) -> Iterator[Exchange]:
    """Yield what can be read of a file, noting what cannot by its kind of error."""
    name = str(file.relative_to(root)) if file != root else file.name
    pieces = _pieces(file) if file.is_file() else iter(())
    for number in itertools.count():
        try:
            raw = next(pieces)
            found = _from_line({"id": f"{name}#{number}", **raw()})
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001
            damaged.append(f"{name}#{number}: {type(error).__name__}")
            continue
        if found is not None:
            yield found


def _pieces(file: Path) -> Iterator[Callable[[], Mapping[str, Any]]]:
    """Yield functions that return the records of a file of a known kind."""
    if file.name.endswith(_LINES):
        for line in _text(file).splitlines():
            if line.strip():
                yield partial(json.loads, line)
    elif file.name.endswith(_CASSETTES):
        for found in interactions_of(_text(file)):
            yield partial(dict, found)
    elif file.name.endswith(_ARCHIVES):
        for found in entries_of(_text(file)):
            yield partial(dict, found)


def _text(file: Path) -> str:
    raw = file.read_bytes()
    return (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode()


def _from_line(raw: Mapping[str, Any]) -> Exchange | None:
    request = raw.get("request")
    if not isinstance(request, dict):
        return None
    text = raw.get("sse") or raw.get("text") or ""
    answer = raw.get("response")
    if answer is None and text and "data:" not in text:
        answer = _parsed(text)
    path = raw.get("path") or _OPENAI_PATHS.get(_endpoint_of(raw, request), "")
    if not path:
        return None
    host = raw.get("host") or ""
    return Exchange(
        id=str(raw.get("id", "")),
        host=host if "." in host or ":" in host else _OPENAI_HOST,
        path=path,
        status=int(raw.get("status") or 200),
        request=request,
        answer=answer,
        events=parse_events(text) if "data:" in text else None,
        trimmed=bool(raw.get("trimmed")),
        query=raw.get("query") or {},
    )


def _endpoint_of(raw: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    named = raw.get("endpoint")
    if named in _OPENAI_PATHS:
        return str(named)
    if "messages" in request:
        return "chat"
    answer = raw.get("response")
    is_list = isinstance(answer, dict) and answer.get("object") == "list"
    if is_list:  # embeddings have an input, too
        return ""
    return "responses" if {"input", "previous_response_id"} & set(request) else ""


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
