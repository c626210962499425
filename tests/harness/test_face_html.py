"""HTML: one file that needs nothing from outside and obeys nothing that an answer says."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from hypothesis import given, settings

from harness.report import Report
from harness.report.as_html import as_html

from .reports import ANY_REPORT, NASTY, added, hostile, removed, small

TAGS = set(
    "html head meta title style body h1 h2 h3 p strong input label span main section ol li code "
    "article details summary table thead tbody tr th td div".split()
)
ATTRIBUTES = set("lang charset http-equiv content name class type id checked for open".split())
VOID = {"meta", "input"}


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self._in_style = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, _tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.style += data
        else:
            self.text += data


@given(ANY_REPORT)
@settings(max_examples=60)
def test_only_our_own_tags_and_attributes_are_in_it(report: Report) -> None:
    page = Page(as_html(report))
    assert {tag for tag, _ in page.tags} <= TAGS
    assert {name for _, attributes in page.tags for name in attributes} <= ATTRIBUTES


def test_nothing_is_fetched_and_no_script_is_there() -> None:
    text = as_html(hostile())
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "a", "base"} & {tag for tag, _ in page.tags}
    assert not re.search(r"url\(|@import|https?:", page.style)
    for _, attributes in page.tags:
        assert not re.search(r"https?:|//", " ".join(filter(None, attributes.values())))


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    page = Page(as_html(small()))
    (policy,) = (a["content"] for _, a in page.tags if a.get("http-equiv"))
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert [name for _, attributes in page.tags for name in attributes if name == "style"] == []


def test_what_an_answer_says_is_text() -> None:
    page = Page(as_html(small(findings=[removed(message=NASTY)])))
    assert r"\x1b[31mred\ud800" in page.text
    assert "<b onclick='x'>&amp;</script>\"" in page.text


def test_everything_of_the_report_is_in_it() -> None:
    page = Page(as_html(small()))
    for wanted in (
        "drift",
        "responses response response.completed /response/usage",
        "response.completed: /response/usage is gone",
        "0 of 5",
        "codex-leg explain header-added",
        "auth/refresh",
        "2026-11-22 09:30 UTC",
    ):
        assert wanted in page.text


def test_each_level_that_is_there_can_be_switched_off_without_a_script() -> None:
    page = Page(as_html(small(findings=[removed(), added()])))
    boxes = {a["id"] for tag, a in page.tags if tag == "input"}
    assert boxes == {"show-breaking", "show-additive"}
    assert {a["for"] for tag, a in page.tags if tag == "label"} == boxes
    for level in ("breaking", "risky", "additive", "benign"):
        rule = f"#show-{level}:not(:checked) ~ main section.{level}"
        assert rule in page.style
    sections = [a.get("class") for tag, a in page.tags if tag == "section"]
    assert sections == ["breaking", "additive"]


def test_it_is_made_for_light_and_dark() -> None:
    style = Page(as_html(small())).style
    assert "color-scheme: light dark" in style
    assert "prefers-color-scheme: dark" in style
