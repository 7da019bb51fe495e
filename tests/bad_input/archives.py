"""What no archive's folder should hold, whatever its files are, and the way of its tables."""

import os

import broken
from cases import accepted, for_each, rejected

from skyloom.io.files import read_table, write_table


def merged(folder, tables, merge):
    """Good files and rejects of an inventory, by way of files as the steps write them."""

    def through(tables, prefix):
        paths = [folder / f"{prefix}{name}.ecsv" for name in ("good", "bad")]
        for path, table in zip(paths, tables, strict=True):
            write_table(table, path)
        return [read_table(path) for path in paths]

    return through(merge(*[[table] for table in through(tables, "")]), "merged_")


def reason(bad):
    """The first reject's, or nothing."""
    return str(bad["reason"][0]) if len(bad) else ""


def odd_files(arm, archive, make, through, *, bad, hostile, pipe, link, names=None):
    """Register the cases.

    Parameters
    ----------
    arm : str
    archive, make, through : callable
        Fill a folder with good files and name the folder of these; make one more at a path; give
        the names of the good ones, those kept and the reason of a reject.
    bad, hostile : str
        A file's name, and one with a place for what is odd.
    pipe, link : tuple of str
        What is said of them.
    names : tuple of str, optional
        Of `broken.HOSTILE`.
    """

    @rejected(arm, "unreadable", *pipe)
    def pipe_in_place_of_a_file(folder):
        os.mkfifo(archive(folder) / bad)
        return through(folder)

    @rejected(arm, "missing file", *link)
    def link_that_leads_nowhere(folder):
        (archive(folder) / bad).symlink_to(folder / "gone")
        return through(folder)

    lines = {"newline": (b"two\nlines", r"two\\nlines\."), "no text": (b"caf\xe9", r"caf\\xe9\.")}

    @for_each(rejected, arm, "hostile name", {n: (*w, "rename it") for n, w in lines.items()})
    def name_that_no_table_holds(folder, name):
        path = archive(folder) / bad
        make(path)
        os.rename(path, os.fsencode(path.parent) + b"/" + name + path.suffix.encode())
        return through(folder)

    names = names or ("spaces", "unicode", "shell")

    @for_each(accepted, arm, "hostile name", {name: (name,) for name in names})
    def name_that_only_looks_hostile(folder, name):
        odd = hostile.format(broken.HOSTILE[name])
        path = archive(folder) / odd
        path.parent.mkdir(exist_ok=True)
        make(path)
        good, kept, said = through(folder)
        return (sorted(kept), said), (sorted([*good, odd]), "")
