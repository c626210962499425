"""Turns of a client with something changed in what it is answered; and what it makes of that."""
