"""What a client cannot live without."""
