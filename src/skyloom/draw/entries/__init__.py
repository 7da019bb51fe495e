"""The entries of the table of figures: what each reads and how it is drawn, an arm a module."""
