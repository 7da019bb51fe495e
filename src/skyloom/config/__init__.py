"""The configuration, each of whose keys is declared here once."""
