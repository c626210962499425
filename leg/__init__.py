"""A minimal client for the backend that a ChatGPT subscription works on.

    import leg

    with leg.llm_from_env("gpt-5.5") as llm:
        print(llm.complete("Say PONG."))

The core does no I/O: :mod:`leg.request` builds requests, :mod:`leg.stream` turns bytes into events
and a result, :mod:`leg.outcomes` turns refusals into errors. :class:`Client` and
:class:`AsyncClient` move the bytes.
"""

from leg._version import __version__
from leg.blob import parse_blob
from leg.client import AsyncClient, AsyncResponseStream, Client, ResponseStream
from leg.credentials import Credential, CredentialKind, auth_headers
from leg.environment import find_credentials
from leg.errors import (
    AnswerError,
    AuthError,
    Blocked,
    ConfigurationError,
    CredentialInvalid,
    CredentialMissing,
    CredentialMisused,
    EmptyAnswer,
    LegError,
    LimitError,
    ModelUnavailable,
    RefreshError,
    RequestInvalid,
    RequestRefused,
    ResponseIncomplete,
    ServerError,
    StreamCut,
    StreamError,
    StreamInvalid,
    StreamStalled,
    StreamTooLarge,
    TransportError,
)
from leg.events import (
    ArgumentsDelta,
    Event,
    Failure,
    ItemAdded,
    ItemDone,
    ReasoningDelta,
    Terminal,
    TextDelta,
    TextDone,
    Unreadable,
)
from leg.limits import Limits
from leg.llm import AsyncLlmContext, LlmContext, async_llm_from_env, llm_from_env
from leg.models import ResolvedModel, resolve_model
from leg.outcomes import OUTCOMES
from leg.profiles import PROFILES, Profile
from leg.refresh import refresh, refresh_async
from leg.request import Request
from leg.resolver import credential_env
from leg.result import Result, ToolCall, Usage
from leg.selection import select
from leg.stream import StreamReader
from leg.tokens import RefreshedTokens

__all__ = [
    "OUTCOMES",
    "PROFILES",
    "AnswerError",
    "ArgumentsDelta",
    "AsyncClient",
    "AsyncLlmContext",
    "AsyncResponseStream",
    "AuthError",
    "Blocked",
    "Client",
    "ConfigurationError",
    "Credential",
    "CredentialInvalid",
    "CredentialKind",
    "CredentialMissing",
    "CredentialMisused",
    "EmptyAnswer",
    "Event",
    "Failure",
    "ItemAdded",
    "ItemDone",
    "LegError",
    "LimitError",
    "Limits",
    "LlmContext",
    "ModelUnavailable",
    "Profile",
    "ReasoningDelta",
    "RefreshError",
    "RefreshedTokens",
    "Request",
    "RequestInvalid",
    "RequestRefused",
    "ResolvedModel",
    "ResponseIncomplete",
    "ResponseStream",
    "Result",
    "ServerError",
    "StreamCut",
    "StreamError",
    "StreamInvalid",
    "StreamReader",
    "StreamStalled",
    "StreamTooLarge",
    "Terminal",
    "TextDelta",
    "TextDone",
    "ToolCall",
    "TransportError",
    "Unreadable",
    "Usage",
    "__version__",
    "async_llm_from_env",
    "auth_headers",
    "credential_env",
    "find_credentials",
    "llm_from_env",
    "parse_blob",
    "refresh",
    "refresh_async",
    "resolve_model",
    "select",
]
