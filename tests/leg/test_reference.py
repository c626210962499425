"""The leg and the reference client: which release the leg was set against.

What it sends otherwise, and why, is held against the captures in tests/harness/test_reference_leg.
"""

import json
from pathlib import Path

from leg.profiles import PROTOCOL_VERSION

ALLOWANCES = json.loads(
    (Path(__file__).parents[2] / "schemas/responses/allowances.json").read_text(encoding="utf-8")
)


def test_the_protocol_version_is_that_of_the_reference_client() -> None:
    assert ALLOWANCES["reference"] == {"client": "codex-cli", "version": PROTOCOL_VERSION}
