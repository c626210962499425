"""What the leg may send otherwise than the reference client: ``responses/allowances.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.contract import Contract, ContractError, ContractErrors

__all__ = ["FILE", "Allowance", "read_allowances"]

FILE: Final = "responses/allowances.json"
_SCHEMA: Final = "allowances.schema.json"
_DEFAULT: Final = "responses"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One difference that is meant.

    Attributes:
        surface: of the contract.
        kind: ``header``, ``field`` or ``endpoint``.
        name: as in the history: a header in lower case, a field as JSON pointer (a query parameter
            with a question mark before it), an endpoint as ``METHOD host/path``.
        reason: why.
    """

    surface: str
    kind: str
    name: str
    reason: str


def read_allowances(contract: Contract) -> tuple[Allowance, ...]:
    """The allowances of a contract.

    Raises:
        ContractErrors: the file is not what its schema says.
    """
    document = contract.schemas.document(FILE)
    faults = [
        ContractError(f"schemas/{FILE}", one.pointer or "/", one.message, one.mend)
        for one in contract.schemas.validate(_SCHEMA, document)
    ]
    if faults:
        raise ContractErrors(faults)
    return tuple(
        Allowance(row.get("surface", _DEFAULT), row["kind"], row["name"], row["reason"])
        for row in document["allowances"]
    )
