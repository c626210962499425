"""The stand-in: a loopback backend that answers as the contract says, and its own forward proxy."""
