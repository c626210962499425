"""Files that are made out of others: ``python -m harness.generated`` writes them all.

They are committed, so that they can be read where nothing is installed; a test says whether they
are up to date. Whoever adds one adds a row to :data:`GENERATED`.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.contract import Contract

__all__ = ["GENERATED", "main", "reads_json", "text_of"]

#: Path below the root → the function ``(Contract) -> str`` that makes its text, by module and
#: name: what makes one file need not be imported for another.
GENERATED: Final = {
    "docs/incidents.md": "harness.incidents:incidents_page",
    "docs/rules.md": "harness.drift.rules_told:rules_page",
    "docs/stability.md": "harness.reference.stability.page:stability_page",
    "schemas/reads.json": "harness.generated:reads_json",
}


def reads_json(contract: Contract) -> str:
    """What the leg reads, as ``schemas/reads.json``.

    Raises:
        ContractErrors: the contract is not sound.
    """
    from harness.reads_of_leg import reads_document  # noqa: PLC0415 — imports the leg whole

    return json.dumps(reads_document(contract), indent=2, ensure_ascii=False) + "\n"


def text_of(path: str, contract: Contract) -> str:
    """The text of one generated file as it must be now.

    Raises:
        KeyError: no such file is generated.
    """
    module, _, function = GENERATED[path].partition(":")
    text: str = getattr(importlib.import_module(module), function)(contract)
    return text


def main(names: Sequence[str] = ()) -> int:
    """Write the generated files that are not up to date (or those named); say which."""
    unknown = sorted(set(names) - GENERATED.keys())
    if unknown:
        print(f"nothing generates {unknown[0]}; there are: {', '.join(GENERATED)}", file=sys.stderr)
        return 4
    contract = Contract()
    for path in names or GENERATED:
        file, text = contract.path(path), text_of(path, contract)
        if not file.exists() or file.read_text("utf-8") != text:
            _write(file, text)
            print(path)
    return 0


def _write(file: Path, text: str) -> None:
    """Replace the file at once: nothing is ever half-written."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, "utf-8")
    new.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
