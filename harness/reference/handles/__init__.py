"""What a client acts on."""
