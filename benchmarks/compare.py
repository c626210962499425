"""What `codex-leg compare` costs on two sets of exchanges: `python -m benchmarks.compare`.

Makes both sets, compares them, and does the same job with the parts that one would take otherwise,
on as many of the pairs as those manage. Not a test: a busy machine changes the numbers; the ratios
are of one run. Each measurement has a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from benchmarks.exchanges import Maker
from harness.contract import Contract
from harness.sides import Lens, compare_sides, open_sides


def ours(old: Path, new: Path) -> str:
    """The whole of `codex-leg compare`, less its printing."""
    contract = Contract()
    with open_sides((str(old), str(new)), contract=contract) as (before, after):
        found = compare_sides(before, after, Lens(contract.schemas))
    rules = ", ".join(sorted({one.rule for one in found.findings}))
    return f"{found.pairs} pairs, {len(found.findings)} findings ({rules})"


def payloads(body: str) -> list[Any]:
    """The JSON of an answer, as one reads server-sent events by hand."""
    if not body.startswith("event:"):
        return [json.loads(body)]
    blocks = (block.partition("\ndata: ")[2] for block in body.split("\n\n"))
    return [json.loads(data) for data in blocks if data]


def pairs(old: Path, new: Path) -> Iterator[tuple[Path, Path]]:
    for file in sorted(old.rglob("*.yaml")):
        yield file, new / file.relative_to(old)


def vcrpy_and_deepdiff(old: Path, new: Path) -> str:
    """Load with vcrpy, parse the events, let deepdiff say what is different."""
    from deepdiff import DeepDiff  # noqa: PLC0415 — nothing else needs it: group bench
    from vcr.persisters.filesystem import FilesystemPersister  # noqa: PLC0415 — its memory is its own
    from vcr.serializers import yamlserializer  # noqa: PLC0415

    def load(file: Path) -> list[Any]:
        _, responses = FilesystemPersister.load_cassette(str(file), yamlserializer)
        return [payloads(one["body"]["string"].decode()) for one in responses]

    found = sum(len(DeepDiff(load(one), load(other))) for one, other in pairs(old, new))
    return f"{found} kinds of differences"


def json_and_jsonschema(old: Path, new: Path) -> str:
    """Load with PyYAML's C loader, parse the events, validate each against its JSON Schema."""
    schemas = Contract().schemas
    found = 0
    for both in pairs(old, new):
        for file in both:
            document = yaml.load(file.read_bytes(), yaml.CSafeLoader)
            for payload in payloads(document["interactions"][0]["response"]["body"]["string"]):
                kind = payload.get("type", "")
                path = schemas.event("responses/events", kind) or "errors/codex.json"
                found += sum(1 for _ in schemas.validator(path).iter_errors(payload))
    return f"{found} errors"


WAYS: dict[str, Callable[[Path, Path], str]] = {
    "codex-leg": ours,
    "vcrpy + deepdiff": vcrpy_and_deepdiff,
    "json + jsonschema": json_and_jsonschema,
}


def measured(way: str, old: Path, new: Path) -> dict[str, Any]:
    """One way in a process of its own: its seconds, its peak of memory in MiB, what it said."""
    command = [sys.executable, "-m", "benchmarks.compare", "--way", way, str(old), str(new)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(way: str, old: Path, new: Path) -> None:
    started, used = time.perf_counter(), time.process_time()
    said = WAYS[way](old, new)
    row = {
        "seconds": time.perf_counter() - started,
        "core": time.process_time() - used,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "said": said,
    }
    print(json.dumps(row))


def rename(payload: dict[str, Any]) -> None:
    """The edit between the two sets."""
    response = payload.get("response")
    if isinstance(response, dict) and "service_tier" in response:
        response["service_level"] = response.pop("service_tier")


def sets(folder: Path, count: int) -> tuple[Path, Path, int]:
    """Two sets of so many exchanges below a folder, and how many bytes they have."""
    contract = Contract()
    old, new = folder / "old", folder / "new"
    for one in (old, new):
        one.mkdir(parents=True)
    size = Maker(contract, 1).write(old, count) + Maker(contract, 2, rename).write(new, count)
    return old, new, size


def show(name: str, count: int, size: int, row: dict[str, Any], rate: float | None = None) -> float:
    """Print one measurement. What counts is the time on a core: other programs may want it, too."""
    speed = size / row["core"] / 1e6
    ratio = "" if rate is None else f"   codex-leg is {rate / speed:.1f} times as fast"
    print(
        f"{name:18} 2 x {count:6} exchanges, {size / 1e6:6.1f} MB: {row['core']:6.2f} s of a core "
        f"({row['seconds']:.2f} s in all), {speed:4.1f} MB/s, at most {row['rss']:.0f} MB{ratio}\n"
        f"{'':18} {row['said']}"
    )
    return speed


def has_deepdiff() -> bool:
    return find_spec("deepdiff") is not None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exchanges", type=int, default=10_000, help="in each of the two sets")
    parser.add_argument("--peers", type=int, default=200, help="exchanges for the other ways")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("folders", nargs="*", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        measure(options.way, *options.folders)
        return
    with tempfile.TemporaryDirectory(prefix="codex-leg-bench-") as folder:
        for part in (options.exchanges // 10, options.exchanges):
            old, new, size = sets(Path(folder, str(part)), part)
            rate = show("codex-leg", part, size, measured("codex-leg", old, new))
        old, new, size = sets(Path(folder, "peers"), options.peers)
        rate = show("codex-leg", options.peers, size, measured("codex-leg", old, new))
        for way in list(WAYS)[1:]:
            if way == "vcrpy + deepdiff" and not has_deepdiff():
                print(f"{way:18} not measured: deepdiff is not installed (make bench has it)")
            else:
                show(way, options.peers, size, measured(way, old, new), rate)


if __name__ == "__main__":
    main()
