"""An endpoint has one name, wherever it is told of, and belongs to one surface or to none."""

from __future__ import annotations

from urllib.parse import urlsplit

from harness.contract import Contract
from harness.endpoints import OTHER, endpoint_name, endpoint_pointer
from harness.reference.wire.calls import Call
from harness.sides import Lens

SCHEMAS = Contract().schemas


def test_the_name_has_the_host_and_neither_scheme_nor_query() -> None:
    url = "wss://chatgpt.com/backend-api/codex/responses?client_version=1"
    assert endpoint_name("GET", url) == "GET chatgpt.com/backend-api/codex/responses"
    assert Call.of("GET", url).name == endpoint_name("GET", url)
    assert Call.of("GET", url).pointer == endpoint_pointer(endpoint_name("GET", url))


def test_the_place_of_a_finding_has_the_path_and_for_a_stranger_the_host() -> None:
    own, strange = (
        "GET chatgpt.com/backend-api/codex/models",
        "GET api.github.com/repos/openai/plugins",
    )
    assert endpoint_pointer(own) == "/endpoint/GET /backend-api/codex/models"
    assert endpoint_pointer(strange) == f"/endpoint/{strange}"


def test_every_endpoint_of_the_contract_belongs_to_a_surface_that_has_it() -> None:
    lens = Lens(SCHEMAS)
    looked_at = 0
    for surface in SCHEMAS.surfaces:
        for one in SCHEMAS.endpoints(surface):
            home = lens.home(one.method, one.url)
            named = [(each.method, urlsplit(each.url)[1:3]) for each in SCHEMAS.endpoints(home)]
            assert (one.method, urlsplit(one.url)[1:3]) in named
            looked_at += 1
    assert looked_at > 10


def test_what_is_in_no_contract_belongs_to_no_surface_even_on_a_known_host() -> None:
    lens = Lens(SCHEMAS)
    assert lens.home("GET", "https://api.github.com/repos/openai/plugins") == OTHER
    assert lens.home("GET", "https://chatgpt.com/backend-api/ps/plugins/list") == OTHER
    assert lens.home("POST", "https://chatgpt.com/backend-api/wham/usage") == OTHER
    assert lens.home("GET", "https://chatgpt.com/backend-api/wham/usage") == "usage"
