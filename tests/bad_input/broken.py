"""Ways to break files, and names that nobody would give one."""

from pathlib import Path

import h5py

#: Names that a careless program would hand to a shell, or take for another folder.
HOSTILE = {
    "spaces": "a name  with spaces ",
    "unicode": "Größe_★_日本",
    "dots": "..hidden..",
    "shell": "$(touch pwned); `touch pwned` & | > pwned",
    "newline": "two\nlines",
    "quotes": 'it\'s "quoted" {and} %s [braced]',
    "long": "x" * 200,
}


def spoil(folder, files, change, *given):
    """Put the files of a folder that a pattern names through one of the changes below."""
    paths = sorted(Path(folder).glob(files))
    assert paths, files
    for path in paths:
        change(path, *given)


def truncated(path, keep=0.5):
    """Cut a file short, as a broken download leaves it."""
    path = Path(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def overwritten(path, content):
    """Other bytes in a file's place."""
    Path(path).write_bytes(content)
    return path


def edited(path, change):
    """A file's bytes put through a function."""
    return overwritten(path, change(Path(path).read_bytes()))


def folder_in_place(path):
    """A folder where there should be a file: unreadable for root, too."""
    Path(path).unlink()
    Path(path).mkdir()
    return path


def zeroed(path, signature, length=64):
    """Zeros behind a signature, as a lost block of a disk reads."""
    content = bytearray(Path(path).read_bytes())
    place = content.find(signature)
    assert place >= 0, signature
    content[place + 16 : place + 16 + length] = bytes(length)
    Path(path).write_bytes(content)
    return path


def replaced(path, name, values):
    """Another dataset in place of one of an HDF5 file; None removes it."""
    with h5py.File(path, "r+") as file:
        if name in file:
            attributes = dict(file[name].attrs)
            del file[name]
        else:
            attributes = {}
        if values is not None:
            file[name] = values
            file[name].attrs.update(attributes)
    return path


def altered(path, name, change):
    """A dataset of an HDF5 file put through a function."""
    with h5py.File(path, "r") as file:
        values = file[name][()]
    return replaced(path, name, change(values))


def attribute(path, group, name, value):
    """Another attribute; None removes it."""
    with h5py.File(path, "r+") as file:
        if value is None:
            del file[group].attrs[name]
        else:
            file[group].attrs[name] = value
    return path


def spoilt(number, place=0):
    """A function that puts a number into the first of some values."""

    def change(values):
        values = values.copy()
        values.reshape(-1)[place] = number
        return values

    return change
