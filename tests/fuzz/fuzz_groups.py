"""Which readers there are: those of files, and those that need TensorFlow, slow to load."""


def targets(group):
    """The targets of a group, ``files`` or ``networks``."""
    if group == "files":
        import fuzz_targets

        return fuzz_targets.FILES
    import fuzz_networks

    return fuzz_networks.NETWORKS
