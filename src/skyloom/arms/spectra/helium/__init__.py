"""The helium arm's data: a model of He I 4471, the paper's files, and stars as observed."""
