"""The SSE decoder against the rules of the HTML standard."""

import pytest

from langchain_unified.errors import MalformedResponseError
from langchain_unified.shims.openai.reading import SSEDecoder

STREAM = (
    b'\xef\xbb\xbf: hello\r\nevent: one\r\ndata: {"a":\r\ndata: "\xc3\xa9"}\r\n\r\n'
    b"data:x\n\nid: 7\nretry: 5\n\ndata\n\nevent: gone\n\ndata: [DONE]\r\r"
)
EVENTS = [
    (b"one", b'{"a":\n"\xc3\xa9"}'),
    (b"", b"x"),
    (b"", b""),
    (b"", b"[DONE]"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_any_cut_gives_the_same_events(size: int) -> None:
    """However the bytes are cut, the events are the same."""
    decoder = SSEDecoder()

    events = []
    for start in range(0, len(STREAM), size):
        events += decoder.feed(STREAM[start : start + size])
    events += decoder.finish()

    assert EVENTS == events


def test_an_event_without_a_blank_line_is_given_at_the_end() -> None:
    """A stream that stops right after its last line loses nothing."""
    decoder = SSEDecoder()

    assert [] == decoder.feed(b"data: [DO")
    assert [] == decoder.feed(b"NE]")
    assert [(b"", b"[DONE]")] == decoder.finish()


def test_nothing_is_left_after_a_complete_event() -> None:
    """Finishing a complete stream gives no further event."""
    decoder = SSEDecoder()
    decoder.feed(b"data: 1\n\n")

    assert [] == decoder.finish()


@pytest.mark.parametrize(
    "chunks",
    [[b"data: " + b"x" * 40], [b"data: x"] * 10, [b"data: 0123456789\n"] * 4],
    ids=["one chunk", "many chunks", "many lines"],
)
def test_an_event_larger_than_the_limit_is_refused(chunks: list[bytes]) -> None:
    """Neither a long line nor many short ones can fill the memory."""
    decoder = SSEDecoder(max_line=30)

    with pytest.raises(MalformedResponseError, match="larger than 30 bytes"):
        list(map(decoder.feed, chunks))
