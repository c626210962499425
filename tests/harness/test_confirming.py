"""Confirming: only what every look shows is drift; a look that fails decides nothing."""

from __future__ import annotations

from dataclasses import replace

from harness.recording.confirming import ask_again, confirm

from .reports import added, many, removed


def test_what_every_look_shows_stays() -> None:
    first = [removed(), added()]
    done = confirm(first, [[removed(message="said otherwise")], [removed(), added()]])
    assert list(done.findings) == first
    assert not done.flaky


def test_breaking_that_one_look_lacks_is_flaky() -> None:
    one, other = many(2)
    done = confirm([one, other], [[one, other], [other], [one, other]])
    assert list(done.findings) == [other]
    assert list(done.flaky) == [one]


def test_milder_findings_are_not_asked_again() -> None:
    waits: list[float] = []
    risky = replace(removed(), level="risky")
    done = ask_again([risky, added()], list, sleep=waits.append)
    assert list(done.findings) == [risky, added()]
    assert waits == []


def test_a_look_that_could_not_be_made_clears_nothing() -> None:
    done = confirm([removed()], [None, None, None])
    assert list(done.findings) == [removed()]
    assert done.unconfirmed == 3


def test_it_is_asked_so_often_with_so_long_in_between() -> None:
    waits: list[float] = []
    done = ask_again([removed()], lambda: [removed()], times=3, wait=45, sleep=waits.append)
    assert waits == [45, 45, 45]
    assert list(done.findings) == [removed()]


def test_nothing_more_is_asked_once_nothing_breaking_is_left() -> None:
    waits: list[float] = []
    done = ask_again([removed()], list, sleep=waits.append)
    assert len(waits) == 1
    assert list(done.flaky) == [removed()]


def test_zero_times_believes_the_first_look() -> None:
    done = ask_again([removed()], list, times=0)
    assert list(done.findings) == [removed()]
