"""From what was asked to a file: scrubbed, scanned, whole; never into the contract itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from harness.recording.asking import Asked
from harness.recording.scan import SecretFound, Secrets, scan
from harness.recording.scrub import Scrubber
from harness.recording.words import own_texts
from harness.whole_files import write_whole

__all__ = ["cassette_text", "staged"]

#: Longer texts would be broken into lines.
_LONG: Final = 100


def staged(asked: Asked, scrubber: Scrubber, secrets: Secrets, folder: Path) -> Path:
    """Write the cassette of what was asked below ``folder/cassettes/``; give the file.

    Args:
        asked: what came of asking.
        scrubber: takes out what the contract does not call harmless.
        secrets: those of the credentials that were used.
        folder: outside of any contract.

    Raises:
        NotScrubbable: there is nothing to write, or it cannot be read.
        SecretFound: the scan found a secret in what the scrubber has left; nothing is written.
        OSError: it cannot be written.
    """
    document = scrubber.cassette(asked)
    text = cassette_text(document)
    own = own_texts(asked.probe)
    hits = scan(document, secrets, allowed=own)
    # What the file says once more, as it says it: nothing must come of the way it is written.
    hits = hits or scan(text, secrets, allowed=own, where="the file")
    if hits:
        raise SecretFound(f"the recording of {asked.probe.id}", hits)
    file = folder / "cassettes" / f"{asked.probe.id}.yaml"
    write_whole(file, text)
    return file


def cassette_text(document: Mapping[str, Any]) -> str:
    """The text of a cassette; the same document is the same text, always."""
    return str(
        yaml.dump(dict(document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    )


#: The fast one, where there is one. The two write the same text.
_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_BASE):  # type: ignore[misc]  # which of the two classes it is depends on the machine
    """Writes long texts as they are: people read the bodies too."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _represent_text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text or len(text) > _LONG else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_list(dumper: Any, items: list[Any]) -> Any:
    flow = all(isinstance(one, str | int | float) for one in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flow)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)
