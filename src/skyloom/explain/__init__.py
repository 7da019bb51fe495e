"""What trained networks look at."""
