"""Ask a live service and keep what it answers: as it came, and without anything that is secret.

A recording goes through here in this order: :mod:`.asking` (the leg, with the :mod:`.tee`),
:mod:`.scrub` (an allow-list: what the contract does not call harmless is replaced), :mod:`.scan`
(an independent look at the result: a hit refuses it), :mod:`.shelf` (staged outside of the
contract), and only when all is done and agreed to, :mod:`.shelving` (into the contract).
"""
