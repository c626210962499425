"""The contract: what we ask, what was answered, what we hold true; and the one door to it.

Nothing else in this package opens a file below ``probes/``, ``cassettes/``, ``schemas/``,
``snapshots/``, ``rulebook/`` or ``scenarios/``: whoever needs one asks a :class:`Contract` for it.
"""

from ._captures import Captures, Release, version_key
from ._check import is_event_stream
from ._contract import Contract, Pair
from ._endpoints import Endpoint, bare_url, plain_url
from ._errors import ContractError, ContractErrors
from ._files import MAX_BYTES, read_bytes, refuse_large
from ._folders import files_below
from ._invariants import Invariant, read_invariant
from ._model import (
    Cassette,
    Expectation,
    ExpectedCall,
    Frame,
    Interaction,
    Part,
    Probe,
    ProbeRequest,
    Provenance,
    RecordedRequest,
    Source,
    StreamFacts,
)
from ._reading import CASSETTES, interactions_of, read_interactions
from ._root import FOLDERS, find_root, is_contract
from ._rules import Rule
from ._scenarios import Answer, Scenario, Step
from ._schemas import Schemas
from ._violations import Problem, excerpt, json_type
from ._waivers import WAIVERS_FILE, Waiver, read_waivers
from ._yaml import YamlLines, load_yaml

__all__ = [
    "CASSETTES",
    "FOLDERS",
    "MAX_BYTES",
    "WAIVERS_FILE",
    "Answer",
    "Captures",
    "Cassette",
    "Contract",
    "ContractError",
    "ContractErrors",
    "Endpoint",
    "Expectation",
    "ExpectedCall",
    "Frame",
    "Interaction",
    "Invariant",
    "Pair",
    "Part",
    "Probe",
    "ProbeRequest",
    "Problem",
    "Provenance",
    "RecordedRequest",
    "Release",
    "Rule",
    "Scenario",
    "Schemas",
    "Source",
    "Step",
    "StreamFacts",
    "Waiver",
    "YamlLines",
    "bare_url",
    "excerpt",
    "files_below",
    "find_root",
    "interactions_of",
    "is_contract",
    "is_event_stream",
    "json_type",
    "load_yaml",
    "plain_url",
    "read_bytes",
    "read_interactions",
    "read_invariant",
    "read_waivers",
    "refuse_large",
    "version_key",
]
