"""Tell people once what has changed, and tell them when it is over.

Reports come in (:mod:`~harness.alert.looks`), what was told so far is read from where it was told
(:mod:`~harness.alert.ledger`), the difference is a list of actions
(:mod:`~harness.alert.planning`), written for a person (:mod:`~harness.alert.text`). All of that is
pure; :mod:`~harness.alert.github`, :mod:`~harness.alert.state_file` and
:mod:`~harness.alert.hooks` do what is to be done, and :mod:`~harness.alert.debts` has what a hook
missed sent again.
"""
