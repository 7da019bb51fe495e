"""Classes of spectra, alone in a module: a new reader of files retrains nothing."""

#: As the pipeline names them, in the order of their labels 0, 1 and 2.
CLASSES = ("GALAXY", "QSO", "STAR")
#: Columns of predictions with the probability of each.
PROBABILITIES = tuple(f"p_{name.lower()}" for name in CLASSES)
