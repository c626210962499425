"""The contract: what we ask, what was answered, what we hold true; and the one door to it.

Nothing else in this package opens a file below ``probes/``, ``cassettes/``, ``schemas/``,
``snapshots/``, ``rulebook/`` or ``scenarios/``: whoever needs one asks a :class:`Contract` for it.
"""

from ._contract import Contract, Pair, find_root
from ._endpoints import Endpoint
from ._errors import ContractError, ContractErrors
from ._model import (
    Cassette,
    Expectation,
    ExpectedCall,
    Interaction,
    Part,
    Probe,
    ProbeRequest,
    Provenance,
    RecordedRequest,
    Source,
    StreamFacts,
)
from ._rules import Rule
from ._scenarios import Answer, Scenario, Step
from ._schemas import Schemas
from ._violations import Problem
from ._yaml import line_of, load_yaml

__all__ = [
    "Answer",
    "Cassette",
    "Contract",
    "ContractError",
    "ContractErrors",
    "Endpoint",
    "Expectation",
    "ExpectedCall",
    "Interaction",
    "Pair",
    "Part",
    "Probe",
    "ProbeRequest",
    "Problem",
    "Provenance",
    "RecordedRequest",
    "Rule",
    "Scenario",
    "Schemas",
    "Source",
    "Step",
    "StreamFacts",
    "find_root",
    "line_of",
    "load_yaml",
]
