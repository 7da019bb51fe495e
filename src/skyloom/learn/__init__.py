"""Published networks: features, heads, training and how predictions are judged."""
