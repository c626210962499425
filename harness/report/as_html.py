"""The report as one HTML file: no script, nothing fetched, nothing obeyed that an answer says."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.drift.waivers import place_of
from harness.lines import visible
from harness.report import Report
from harness.report.left import by_reason
from harness.report.words import (
    details,
    first_step,
    grouped,
    harmless_markup,
    heading,
    set_aside,
    summary,
    verdict_of,
)
from leg._version import __version__

__all__ = ["as_html"]


def as_html(report: Report) -> str:
    """The report as a document that stands by itself.

    Levels are switched on and off by CSS alone; the policy in its head allows this one style sheet,
    by its hash, and nothing else.
    """
    environment = _environment()
    style = Markup(_source("report.css"))  # noqa: S704 — our own file
    text = environment.get_template("report.html").render(
        report=report,
        heading=heading(report),
        summary=summary(report),
        verdict=verdict_of(report),
        first=first_step(report.findings),
        levels=grouped(report.findings),
        left_over=(
            ("Could not be read", "quarantined", report.quarantined),
            ("Could not be looked at", "unchecked", report.unchecked),
            ("Not compared", "soft", report.one_sided),
        ),
        by_reason=by_reason,
        aside=set_aside(report),
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        version=__version__,
    )
    return f"{harmless_markup(text)}\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.report", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"place_of": place_of, "details": details}
    return environment


def _shown(value: Any) -> Any:
    """What is put into the page, with all that is no text for the eye spelt out."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _source(name: str) -> str:
    environment = _environment()
    loader = environment.loader
    if loader is None:
        raise RuntimeError("the environment has no loader")
    return loader.get_source(environment, name)[0]
