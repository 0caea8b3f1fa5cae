"""The judge, the strictness of the emulator, and foreign tokens."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from langchain_unified.testing import ProviderEmulator
from langchain_unified.testing.__main__ import main
from langchain_unified.testing.judging import Exchange, judge, load_exchanges
from tests.unit_tests.testing.conftest import request

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
HI = [{"role": "user", "content": "hi"}]
HOST = "api.openai.com"
NO_IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
TOO_MANY_STOPS = {"model": "gpt-4o", "messages": HI, "stop": ["a", "b", "c", "d", "e"]}
UNSUPPORTED = {"model": "o3", "messages": HI, "temperature": 0.5}


def exchange(body: dict[str, Any], status: int = 200, answer: Any = None) -> Exchange:
    """Return a recorded chat request."""
    return Exchange("one", HOST, CHAT, status, body, answer)


def kinds(found: Exchange) -> list[str]:
    """Return the kinds of the differences a judgement finds."""
    return [one.kind for one in judge([found]).open]


def test_a_refusal_of_what_was_accepted_is_a_difference():
    """What the real API took and the emulator refuses is named."""
    verdict = judge([exchange(UNSUPPORTED)])

    assert ["refused"] == [one.kind for one in verdict.open]
    assert "o3: Unsupported" in verdict.open[0].where
    assert "1 of    1" in verdict.table()


def test_an_answer_to_what_was_refused_is_a_difference():
    """What the real API refused and the emulator takes is named."""
    body = {"model": "gpt-4o", "messages": HI}
    refused = {"error": {"message": "No.", "type": "x", "param": None, "code": None}}

    assert ["accepted"] == kinds(exchange(body, 400, refused))


def test_another_error_is_a_difference():
    """Type, code, param and wording are compared one by one."""
    error = {"message": "No.", "type": "x", "param": "temperature", "code": "y"}

    assert ["error"] * 3 == kinds(exchange(UNSUPPORTED, 400, {"error": error}))


def test_a_missing_key_is_a_difference():
    """A key of a recorded answer that the emulator's lacks is named."""
    body = {"model": "gpt-4o", "messages": HI}
    answer = {"model": "gpt-4o-2024-08-06", "choices": [], "novelty": 1}
    verdict = judge([exchange(body, answer=answer)])

    assert ["novelty"] == [one.where for one in verdict.open]


@pytest.mark.parametrize("packed", [False, True])
def test_recordings_are_read_from_lines_and_cassettes(tmp_path, packed):
    """Lines of JSON and cassettes are found in a folder, gzipped or not."""
    body = {"model": "gpt-4o", "messages": HI}
    url = f"https://{HOST}{CHAT}"
    line = {"host": HOST, "path": CHAT, "status": 200, "request": body, "response": {}}
    pair = {
        "request": {"uri": url, "body": json.dumps(body)},
        "response": {"status": {"code": 200}, "body": {"string": "{}"}},
    }
    texts = {
        "a.jsonl": json.dumps(line),
        "b.yaml": json.dumps({"interactions": [pair]}),
    }
    for name, text in texts.items():
        target = tmp_path / (f"{name}.gz" if packed else name)
        raw = text.encode()
        target.write_bytes(gzip.compress(raw) if packed else raw)

    found = load_exchanges(tmp_path)
    assert [body, body] == [one.request for one in found]
    assert [(HOST, CHAT)] * 2 == [(one.host, one.path) for one in found]


def test_the_command_prints_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """`judge FILE` prints the table, and fails if a difference has no reason."""
    line = {"host": HOST, "path": CHAT, "status": 200, "request": UNSUPPORTED}
    file = tmp_path / "traffic.jsonl"
    file.write_text(json.dumps(line), encoding="utf-8")

    assert 1 == main(["judge", str(file)])
    assert "1 differences, 1 without a reason" in capsys.readouterr().out
    assert 2 == main(["judge", str(tmp_path / "nothing")])


@pytest.mark.parametrize(
    ("strict", "statuses"),
    [
        ("inferred", [400, 400, 400]),
        ("documented", [400, 400, 200]),
        ("recorded", [400, 200, 200]),
    ],
)
def test_strictness(strict: str, statuses: list[int]):
    """A refusal is given only if it is known as well as `strict` asks for."""
    bodies = [
        (RESPONSES, {"model": "gpt-4o", "input": [{**HI[0], "content": [NO_IMAGE]}]}),
        (CHAT, UNSUPPORTED),
        (CHAT, TOO_MANY_STOPS),
    ]
    with ProviderEmulator(strict=strict) as emulator:
        found = [request(emulator, path, body).status for path, body in bodies]
        known = [sent.evidence for sent in emulator.requests]
        noted = [len(sent.let_through) for sent in emulator.requests]

    assert statuses == found
    words = ["recorded", "documented", "inferred"]
    assert known == [w if s == 400 else None for w, s in zip(words, found, strict=True)]
    assert noted == [int(status == 200) for status in found]


@pytest.mark.parametrize(("accepts", "status"), [(True, 200), (False, 400)])
def test_foreign_tokens(accepts, status):
    """Items and ids of the real API are taken where the emulator is told to."""
    items = [
        {**HI[0]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAA"},
        {"type": "message", "role": "assistant", "id": "msg_1", "content": "hello"},
        {**HI[0]},
    ]
    body = {"model": "gpt-5", "input": items, "previous_response_id": "resp_1"}
    with ProviderEmulator(accept_foreign_tokens=accepts) as emulator:
        reply = request(emulator, RESPONSES, body)

    assert status == reply.status


def test_a_background_response_is_queued_and_then_done():
    """A response in the background is fetched by its id, or cancelled."""
    body = {"model": "gpt-4o", "input": "hi", "background": True}
    with ProviderEmulator() as emulator:
        queued = request(emulator, RESPONSES, body).body
        done = request(emulator, f"{RESPONSES}/{queued['id']}", method="GET").body
        gone = request(emulator, f"{RESPONSES}/{queued['id']}/cancel", {}).body

    assert ["queued", "completed", "cancelled"] == [
        one["status"] for one in (queued, done, gone)
    ]
    assert ([], "hi") == (queued["output"], done["output"][-1]["content"][0]["text"])


def test_a_small_cap_leaves_a_reasoning_model_no_text():
    """Reasoning takes the tokens of a small cap, as it does in reality."""
    body = {"model": "gpt-5", "messages": HI, "max_completion_tokens": 100}
    with ProviderEmulator() as emulator:
        answer = request(emulator, CHAT, body).body

    assert ("", "length") == (
        answer["choices"][0]["message"]["content"],
        answer["choices"][0]["finish_reason"],
    )


def test_functions_are_answered_in_the_old_way():
    """Who offers `functions` gets a `function_call`."""
    function = {"name": "add", "parameters": {"type": "object", "properties": {}}}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "add"}]}
    with ProviderEmulator() as emulator:
        sent = {**body, "functions": [function], "function_call": {"name": "add"}}
        choice = request(emulator, CHAT, sent).body["choices"][0]

    assert "function_call" == choice["finish_reason"]
    assert {"name": "add", "arguments": "{}"} == choice["message"]["function_call"]


def test_damaged_recordings_are_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """What cannot be read is named by file and line; the rest is judged."""
    line = {"host": HOST, "path": CHAT, "status": 200, "request": UNSUPPORTED}
    cut = {**line, "sse": 'data: {"id": "x", "choices": [{"del'}
    lines = [json.dumps(line)[:20], "[1]", json.dumps(cut), ""]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "b.jsonl.gz").write_bytes(b"not gzipped")
    (tmp_path / "c.yaml").write_text("- a: [", encoding="utf-8")
    (tmp_path / "d.yaml").write_text("- no cassette", encoding="utf-8")

    assert 1 == main(["judge", str(tmp_path)])
    told = capsys.readouterr()
    assert ["a.jsonl#0", "a.jsonl#1", "b.jsonl.gz#0", "c.yaml#0"] == [
        note.split()[2].rstrip(":") for note in told.err.splitlines()
    ]
    assert "1 differences, 1 without a reason" in told.out


def test_an_empty_folder_is_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A folder without recordings is told apart from one without differences."""
    assert 2 == main(["judge", str(tmp_path)])
    assert "There are no recordings in" in capsys.readouterr().err


def test_http_archives_are_read(tmp_path: Path):
    """A HAR file of a proxy or browser is a recording, too."""
    body = {"model": "gpt-4o", "messages": HI}
    asked = {"url": f"https://{HOST}{CHAT}", "postData": {"text": json.dumps(body)}}
    answered = {"status": 200, "content": {"text": '{"model": "m"}'}}
    log = {"log": {"entries": [{"request": asked, "response": answered}]}}
    file = tmp_path / "traffic.har"
    file.write_text(json.dumps(log), encoding="utf-8")

    found = load_exchanges(file)
    assert [(CHAT, body, {"model": "m"})] == [
        (one.path, one.request, one.answer) for one in found
    ]


def test_a_key_in_a_recording_is_not_shown():
    """Keys among the words of a recorded error are masked."""
    key = "sk-proj-abcdefghijklmnop"
    error = {"message": f"Incorrect API key provided: {key}", "type": "x"}
    verdict = judge([exchange(UNSUPPORTED, 400, {"error": error})])

    assert key not in verdict.table()
    assert "***" in verdict.table()
