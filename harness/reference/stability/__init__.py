"""How stable the protocol is: counted from the history of captures and the corpus of incidents."""
