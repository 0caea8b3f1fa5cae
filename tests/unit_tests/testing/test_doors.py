"""Scripted replies, faults, recording and the other doors."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path

import pytest

from langchain_unified.testing import ModelRules, ProviderEmulator, Reply, load_rules
from tests.unit_tests.testing.conftest import Post, request

CHAT = "/v1/chat/completions"
GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"
BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "one two three"}]}
CONTENTS = {"contents": [{"parts": [{"text": "hi"}]}]}


def test_scripted_status_and_headers(emulator: ProviderEmulator, post: Post):
    """A scripted reply comes first, with its headers, and only once."""
    emulator.script(
        Reply.openai_error(429, "Slow down.", headers={"retry-after": "3"}),
        Reply.google_error(503, "Overloaded."),
    )
    first, second, third = (post(CHAT, BODY) for _ in range(3))

    assert (first.status, first.headers["retry-after"]) == (429, "3")
    assert first.error["message"] == "Slow down."
    assert (second.status, second.error["status"]) == (503, "UNAVAILABLE")
    assert third.status == 200
    assert [one.scripted for one in emulator.requests] == [True, True, False]
    assert len(emulator.errors) == 2


def test_replies_for_some_requests(emulator: ProviderEmulator, post: Post):
    """A reply waits for the request it is meant for."""
    emulator.script(Reply(500, when=lambda sent: sent.provider == "google_genai"))

    assert post(CHAT, BODY).status == 200
    assert emulator.pending_steps == 1
    assert post(GEMINI, CONTENTS).status == 500
    assert emulator.pending_steps == 0


def test_replies_used_several_times(emulator: ProviderEmulator, post: Post):
    """A reply can be used a number of times, or always."""
    emulator.script(Reply(500, times=2), Reply(503, times=0))

    assert [post(CHAT, BODY).status for _ in range(4)] == [500, 500, 503, 503]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b'{"broken"', headers={"content-type": "text/plain"}),
        Reply(body=b'{"broken"', headers={"content-type": "text/plain"}),
        Reply(body='{"broken"', headers={"content-type": "text/plain"}),
    ],
)
def test_raw_bodies(emulator: ProviderEmulator, post: Post, reply):
    """A body can be any bytes."""
    emulator.script(reply)

    assert post(CHAT, BODY).body == b'{"broken"'


def test_reset_in_the_middle(emulator: ProviderEmulator, post: Post):
    """A reply can be cut after some bytes, plain or streamed."""
    emulator.script(Reply(cut_after=10), Reply(cut_after=0), Reply(cut_after=40))

    for body in (BODY, BODY, {**BODY, "stream": True}):
        with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
            post(CHAT, body)


def test_truncated_stream(emulator: ProviderEmulator, post: Post):
    """A stream can end early but cleanly."""
    emulator.script(Reply(keep_chunks=2))
    text = post(CHAT, {**BODY, "stream": True}).body

    assert text.count(b"data: ") == 2
    assert b"[DONE]" not in text


def test_events_of_a_stream(emulator: ProviderEmulator, post: Post):
    """A stream can be written event by event, with an error in it."""
    emulator.script(Reply.sse({"error": {"message": "x"}}, "[DONE]"))
    reply = post(CHAT, BODY)

    assert reply.status == 200
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.body == b'data: {"error": {"message": "x"}}\n\ndata: [DONE]\n\n'


def test_slow_replies(emulator: ProviderEmulator, post: Post):
    """A reply can be late, and drip."""
    emulator.script(Reply(delay=0.1), Reply(chunks=[b"a", b"b"], chunk_delay=0.05))
    started = time.perf_counter()
    post(CHAT, BODY)
    late = time.perf_counter() - started
    dripped = post(CHAT, BODY)
    took = time.perf_counter() - started - late

    assert late >= 0.1
    assert took >= 0.1
    assert dripped.body == b"ab"


def test_a_reply_that_never_comes(emulator: ProviderEmulator):
    """A hanging reply makes the client time out, and stopping is still quick."""
    with ProviderEmulator() as own:
        own.script(Reply(hang=True))
        port = int(own.google_base_url.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=0.1)
        connection.request("POST", CHAT, json.dumps(BODY))
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()
        started = time.perf_counter()

    assert time.perf_counter() - started < 1


def test_redirect(emulator: ProviderEmulator, post: Post):
    """A reply can be a redirect."""
    emulator.script(Reply(307, headers={"location": "/elsewhere"}))
    reply = post(CHAT, BODY)

    assert (reply.status, reply.headers["location"]) == (307, "/elsewhere")


def test_random_faults_repeat(emulator: ProviderEmulator, post: Post):
    """The same seed gives the same faults."""
    runs = []
    for _ in range(2):
        emulator.fault_rate(0.5, Reply(500), Reply(429), seed=7)
        runs.append([post(CHAT, BODY).status for _ in range(30)])
    emulator.fault_rate(0)

    assert runs[0] == runs[1]
    assert {200, 429, 500} == set(runs[0])
    assert post(CHAT, BODY).status == 200


def test_default_faults(emulator: ProviderEmulator, post: Post):
    """Faults are rate limits, server errors and resets unless others are given."""
    emulator.fault_rate(1)

    def status() -> int:
        try:
            return post(CHAT, BODY).status
        except (ConnectionError, http.client.HTTPException):
            return 0

    assert {0, 429, 500} == {status() for _ in range(20)}


def test_answer_door(emulator: ProviderEmulator, post: Post):
    """A function can give the text, or leave it alone."""
    emulator.answer = lambda sent: (
        f"for {sent.model}" if sent.model == "gpt-4o" else None
    )
    other = {**BODY, "model": "gpt-4.1"}
    texts = [
        post(CHAT, body).body["choices"][0]["message"]["content"]
        for body in (BODY, other)
    ]
    emulator.answer = None

    assert texts == ["for gpt-4o", "one two three"]


def test_recorded_request(emulator: ProviderEmulator, post: Post):
    """A record says what was sent, and keeps keys out."""
    post(CHAT, BODY)
    post(f"{GEMINI}?key=g-query-9999", CONTENTS, headers={})
    chat, gemini = emulator.requests

    assert chat.headers["authorization"] == "***"
    assert (chat.key_tail, len(chat.key_fingerprint or "")) == ("1234", 12)
    assert (chat.provider, chat.endpoint, chat.model) == ("openai", "chat", "gpt-4o")
    assert (chat.method, chat.path, chat.status, chat.error) == (
        "POST",
        CHAT,
        200,
        None,
    )
    assert (chat.body, json.loads(chat.raw)) == (BODY, BODY)
    assert (gemini.query, gemini.key_tail) == ({"key": "***"}, "9999")
    assert "9999" not in gemini.to_json().replace('"key_tail": "9999"', "")


def test_reset_forgets(emulator: ProviderEmulator, post: Post):
    """A reset forgets requests, script, faults and connections."""
    emulator.script(Reply(500, times=0))
    emulator.fault_rate(1)
    emulator.reset()
    first = post(CHAT, BODY).body
    emulator.reset()

    assert emulator.requests == []
    assert emulator.connections == 0
    assert first == post(CHAT, BODY).body


def test_only_the_last_requests_are_kept():
    """A long test can keep the last requests only."""
    with ProviderEmulator(max_recorded=2) as emulator:
        for model in ("gpt-4o", "gpt-4.1", "gpt-5.1"):
            request(emulator, CHAT, {**BODY, "model": model})

    assert [sent.model for sent in emulator.requests] == ["gpt-4.1", "gpt-5.1"]


def test_recording_to_a_file(tmp_path: Path):
    """Each request is one line of JSON in a file."""
    target = tmp_path / "requests.jsonl"
    with ProviderEmulator(record_to=target) as emulator:
        request(emulator, CHAT, BODY)
        request(emulator, CHAT, {**BODY, "temperature": 9})
    lines = [json.loads(line) for line in target.read_text().splitlines()]

    assert [line["status"] for line in lines] == [200, 400]
    assert lines[1]["error"]["error"]["param"] == "temperature"


def test_rules_from_a_file(tmp_path: Path):
    """Rules for invented models can come from a file, in either form."""
    plain, grouped = tmp_path / "plain.json", tmp_path / "grouped.json"
    plain.write_text(json.dumps([{"id": "acme", "temperature": "rejected"}]))
    groups = [{"ids": ["acme"], "rules": {"temperature": "rejected"}}]
    grouped.write_text(json.dumps({"provider": "openai", "groups": groups}))

    assert load_rules(plain) == load_rules(grouped)
    with ProviderEmulator(rules=plain) as emulator:
        body = {**BODY, "model": "acme", "temperature": 1}
        assert request(emulator, CHAT, body).error["param"] == "temperature"


def test_rules_can_be_replaced_while_running():
    """New rules apply to the next request."""
    with ProviderEmulator() as emulator:
        emulator.add_rules(ModelRules(id="gpt-4o", n="rejected"))

        assert request(emulator, CHAT, {**BODY, "n": 1}).error["param"] == "n"
        assert emulator.rules_for("gpt-4o") == ModelRules(id="gpt-4o", n="rejected")
        assert emulator.rules_for("gpt-4o", "google_genai") is None


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"id": "x", "temprature": "any"}, "no field temprature"),
        ({"id": "x", "provider": "acme"}, "provider must be one of"),
    ],
)
def test_wrong_rules(raw, message):
    """Misspelt rules are refused when they are read."""
    with pytest.raises(ValueError, match=message):
        ModelRules.from_dict(raw)


def test_wrong_shutdown():
    """The shutdown door takes two words."""
    with pytest.raises(ValueError, match="shutdown must be"):
        ProviderEmulator(shutdown="maybe")


def test_verification_can_be_changed(emulator: ProviderEmulator):
    """The organization can lose and regain its verification."""
    emulator.verified_organization = False
    body = {**BODY, "model": "o3", "stream": True}
    refused = request(emulator, CHAT, body)
    emulator.verified_organization = True

    assert emulator.verified_organization
    assert refused.error["param"] == "stream"
    assert request(emulator, CHAT, body).status == 200


def test_a_failure_of_the_emulator_shows(emulator: ProviderEmulator, post: Post):
    """An exception inside is told in one line, with the trace on the record."""
    emulator.answer = lambda _: 1 / 0  # type: ignore[return-value]
    reply = post(CHAT, BODY)
    emulator.answer = None

    assert reply.status == 400
    assert "ZeroDivisionError" in reply.error["message"]
    assert "Traceback" not in reply.error["message"]
    assert "in <lambda>" in (emulator.errors[-1].failure or "")
