"""Every plot, in one look: arrays and tables in, a Matplotlib figure out."""
