"""What is wrong with a file of the contract, as data: the file, the field, the fault, the mend."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ContractError", "ContractErrors"]


class ContractError(Exception):
    """One fault of one file; ``str()`` is one line for a person.

    Attributes:
        file: the file, as a path below the root of the contract (or as it was given).
        where: a JSON pointer into it, or ``line 3, column 7``, or ``""`` for the whole file.
        problem: what is wrong.
        mend: what to do about it, or ``""``.
    """

    def __init__(self, file: str, where: str, problem: str, mend: str = "") -> None:
        super().__init__(file, where, problem, mend)
        self.file = file
        self.where = where
        self.problem = problem
        self.mend = mend

    @property
    def errors(self) -> tuple[ContractError, ...]:
        """Itself: so that one fault and many are handled by the same loop."""
        return (self,)

    def __str__(self) -> str:
        parts = [one_line(part) for part in (self.file, self.where, self.problem) if part]
        line = ": ".join(parts)
        return f"{line} — {one_line(self.mend)}" if self.mend else line


class ContractErrors(ContractError):
    """Everything that is wrong, found in one pass; ``str()`` has one line for each fault."""

    def __init__(self, errors: Iterable[ContractError]) -> None:
        flat = tuple(one for error in errors for one in error.errors)
        if not flat:
            raise ValueError("no errors to report")
        first = flat[0]
        super().__init__(first.file, first.where, first.problem, first.mend)
        self._errors = flat

    @property
    def errors(self) -> tuple[ContractError, ...]:
        """Each fault, in the order of the files."""
        return self._errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self._errors)


def one_line(text: str) -> str:
    """Text without line breaks or control characters: file contents end up in these messages."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
