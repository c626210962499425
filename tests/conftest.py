"""What holds for every test: nothing of the machine's own credentials or proxies gets in."""

import os

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# The machine may be busy; how long an example takes is no promise of ours.
settings.register_profile("default", deadline=None)
settings.load_profile("default")

_FOREIGN = ("_PROXY", "CODEX_", "CHATGPT_", "OPENAI_", "ANTHROPIC_", "CLAUDE_", "SSL_CERT_")


@pytest.fixture(autouse=True)
def clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No credential, proxy or home of the person who runs the tests."""
    for name in list(os.environ):
        if any(part in name.upper() for part in _FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
