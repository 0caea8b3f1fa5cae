"""SDK errors as ours."""

import pickle
from email.utils import formatdate
from time import time
from typing import Any

import openai
import pytest
from langchain_core import exceptions as core

from langchain_unified import errors as ours
from langchain_unified.shims.openai.errors import RefusedModelError, to_unified
from langchain_unified.shims.openai.http import response_class

LIBRARY: Any = __import__(response_class().__module__.partition(".")[0])
REQUEST = LIBRARY.Request("POST", "https://api.openai.com/v1/x")
CLIENT = openai.OpenAI(api_key="k", max_retries=0)


def status_error(status: int, message: str = "no", **fields: Any) -> Exception:
    """Return the error the SDK raises for a status and a body."""
    headers = fields.pop("headers", {})
    body = {"error": {"message": message, **fields}}
    response = LIBRARY.Response(status, json=body, headers=headers, request=REQUEST)

    def answer(_: Any) -> Any:
        return response

    http = LIBRARY.Client(transport=LIBRARY.MockTransport(answer))
    client = CLIENT.with_options(http_client=http)
    try:
        client.post("/x", cast_to=response_class(), body={})
    except openai.OpenAIError as error:
        return error
    raise AssertionError(status)


def stream_error(message: str = "no", **fields: Any) -> Exception:
    """Return the error of a stream that failed after a 200."""
    return openai.APIError(message, REQUEST, body={"message": message, **fields})


OVERFLOW = (
    "Your input exceeds the context window of this model.",
    "This model's maximum context length is 8192 tokens. However, you requested 9000",
    "Input tokens exceed the configured limit of 272000 tokens",
)
CASES: list[tuple[Exception, type[Exception], type[Exception], bool]] = [
    (
        status_error(400),
        ours.ProviderInvalidRequestError,
        openai.BadRequestError,
        False,
    ),
    (
        status_error(422),
        ours.ProviderInvalidRequestError,
        openai.UnprocessableEntityError,
        False,
    ),
    (
        status_error(413),
        ours.ProviderInvalidRequestError,
        openai.APIStatusError,
        False,
    ),
    (
        status_error(401),
        ours.ProviderAuthenticationError,
        openai.AuthenticationError,
        False,
    ),
    (
        status_error(403),
        ours.ProviderPermissionError,
        openai.PermissionDeniedError,
        False,
    ),
    (status_error(408), ours.ProviderTimeoutError, openai.APIStatusError, True),
    (status_error(409), ours.ProviderUnavailableError, openai.ConflictError, True),
    (status_error(429), ours.ProviderRateLimitError, openai.RateLimitError, True),
    (
        status_error(429, code="insufficient_quota", type="insufficient_quota"),
        ours.ProviderRateLimitError,
        openai.RateLimitError,
        True,
    ),
    (
        status_error(500),
        ours.ProviderUnavailableError,
        openai.InternalServerError,
        True,
    ),
    (
        status_error(503, headers={"x-should-retry": "false"}),
        ours.ProviderUnavailableError,
        openai.InternalServerError,
        False,
    ),
    (
        status_error(
            404, "The model `x` does not exist or you do not have access to it."
        ),
        ours.ProviderModelNotFoundError,
        openai.NotFoundError,
        False,
    ),
    (
        status_error(404, "The model `x` has been deprecated, learn more here: y"),
        ours.ProviderModelNotFoundError,
        openai.NotFoundError,
        False,
    ),
    (
        status_error(
            400,
            "The requested model 'x' does not exist.",
            param="model",
            code="model_not_found",
        ),
        RefusedModelError,
        openai.BadRequestError,
        False,
    ),
    (
        status_error(
            404,
            "This is not a chat model and thus not supported in the "
            "v1/chat/completions endpoint. Did you mean to use v1/completions?",
            param="model",
        ),
        ours.ProviderModelNotFoundError,
        openai.NotFoundError,
        False,
    ),
    (
        status_error(
            404,
            "This model is only supported in v1/responses and not in "
            "v1/chat/completions.",
            param="model",
        ),
        ours.ProviderModelNotFoundError,
        openai.NotFoundError,
        False,
    ),
    (
        status_error(404, "Item with id 'rs_1' not found."),
        ours.ProviderModelNotFoundError,
        openai.NotFoundError,
        False,
    ),
    (
        status_error(400, code="context_length_exceeded"),
        ours.ProviderContextOverflowError,
        openai.BadRequestError,
        False,
    ),
    *(
        (
            status_error(400, text),
            ours.ProviderContextOverflowError,
            openai.BadRequestError,
            False,
        )
        for text in OVERFLOW
    ),
    *(
        (
            stream_error(text),
            ours.ProviderContextOverflowError,
            openai.APIError,
            False,
        )
        for text in OVERFLOW
    ),
    (
        stream_error(code="server_error"),
        ours.ProviderUnavailableError,
        openai.APIError,
        True,
    ),
    (stream_error(), ours.ProviderUnavailableError, openai.APIError, True),
    (
        stream_error(code="rate_limit_exceeded"),
        ours.ProviderRateLimitError,
        openai.APIError,
        True,
    ),
    (
        stream_error(type="insufficient_quota"),
        ours.ProviderRateLimitError,
        openai.APIError,
        True,
    ),
    (
        stream_error(type="invalid_request_error"),
        ours.ProviderInvalidRequestError,
        openai.APIError,
        False,
    ),
    (
        stream_error(code="model_not_found"),
        ours.ProviderModelNotFoundError,
        openai.APIError,
        False,
    ),
    (
        openai.APITimeoutError(REQUEST),
        ours.ProviderTimeoutError,
        openai.APITimeoutError,
        True,
    ),
    (
        openai.APIConnectionError(request=REQUEST),
        ours.ProviderConnectionError,
        openai.APIConnectionError,
        True,
    ),
    (
        LIBRARY.ReadTimeout("slow", request=REQUEST),
        ours.ProviderTimeoutError,
        openai.APITimeoutError,
        True,
    ),
    (TimeoutError("slow"), ours.ProviderTimeoutError, openai.APITimeoutError, True),
    (
        LIBRARY.ConnectError("gone", request=REQUEST),
        ours.ProviderConnectionError,
        openai.APIConnectionError,
        True,
    ),
    (ValueError("odd"), ours.ProviderError, openai.OpenAIError, False),
    (
        openai.APIResponseValidationError(LIBRARY.Response(200, request=REQUEST), None),
        ours.MalformedResponseError,
        openai.APIResponseValidationError,
        True,
    ),
    (openai.OpenAIError("no key"), ours.ProviderError, openai.OpenAIError, False),
]


def _is_sent_again(error: ours.ProviderError) -> bool:
    """What the server asked goes before what the class says."""
    return error.is_retryable if error.should_retry is None else error.should_retry


@pytest.mark.parametrize(("raised", "mine", "theirs", "retryable"), CASES)
def test_an_error_is_of_both_families(
    raised: Exception,
    mine: type[ours.ProviderError],
    theirs: type[Exception],
    *,
    retryable: bool,
) -> None:
    """Every condition has our class, the SDK's class and langchain-core's class."""
    error = to_unified(raised, model="m", endpoint="chat")

    assert mine.__name__ == type(error).__name__
    assert isinstance(error, mine)
    assert isinstance(error, theirs)
    assert isinstance(error, core.ModelError)
    assert retryable == _is_sent_again(error)


@pytest.mark.parametrize("raised", [case[0] for case in CASES])
def test_an_error_survives_pickling(raised: Exception) -> None:
    """Errors can travel between processes."""
    error = to_unified(raised, model="m", endpoint="chat")

    copied = pickle.loads(pickle.dumps(error))

    assert (type(error), str(error), "m") == (type(copied), str(copied), copied.model)


def test_an_error_says_what_the_provider_said() -> None:
    """Status, code, parameter and ids are at hand."""
    headers = {"x-request-id": "req_1", "retry-after": "7"}
    raised = status_error(
        400, "bad", param="stop", code="unsupported_parameter", headers=headers
    )

    error = to_unified(raised, model="o3", endpoint="chat")

    assert ("openai", "o3", "chat") == (error.provider, error.model, error.endpoint)
    assert (400, "unsupported_parameter", "stop") == (
        error.status,
        error.code,
        error.parameter,
    )
    assert ("req_1", 7.0) == (error.request_id, error.retry_after)
    assert "Error code: 400 - bad" == str(error)


def test_milliseconds_win_over_seconds() -> None:
    """`retry-after-ms` is the more exact header."""
    headers = {"retry-after-ms": "1500", "retry-after": "7"}

    assert 1.5 == to_unified(status_error(429, headers=headers)).retry_after


def test_a_date_is_turned_into_seconds() -> None:
    """`retry-after` may be a date."""
    headers = {"retry-after": formatdate(time() + 60, usegmt=True)}

    seconds = to_unified(status_error(429, headers=headers)).retry_after

    assert seconds == pytest.approx(60, abs=3)


@pytest.mark.parametrize("value", ["soon", "-3", "inf", "nan"])
def test_nonsense_in_retry_after_is_no_number(value: str) -> None:
    """An unreadable header is as good as none."""
    raised = status_error(429, headers={"retry-after": value})

    assert to_unified(raised).retry_after is None


def test_one_of_ours_is_filled_in() -> None:
    """A malformed answer learns of which call it was."""
    raised = ours.MalformedResponseError("x")

    error = to_unified(raised, model="m", endpoint="responses")

    assert raised is error
    assert ("m", "responses") == (error.model, error.endpoint)
