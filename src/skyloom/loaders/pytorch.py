"""Samples as a PyTorch dataset; see `skyloom.loaders.torch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skyloom.extras import extra

if TYPE_CHECKING:
    from skyloom.loaders.samples import Samples


with extra("torch"):
    import torch


class TorchDataset(torch.utils.data.Dataset):
    """Pairs of a sample and its label.

    Parameters
    ----------
    samples : skyloom.loaders.samples.Samples
    labels : (n,) or (n, T) array
    """

    def __init__(self, samples: Samples, labels: np.ndarray) -> None:
        self.samples, self.labels = samples, torch.from_numpy(np.ascontiguousarray(labels))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.__getitems__([index])[0]

    def __getitems__(self, indices):
        """A whole batch, as DataLoader asks for it: a list of pairs."""
        count = len(self)
        if not all(-count <= index < count for index in indices):
            raise IndexError(f"an index is outside 0 to {count - 1}")
        indices = [index % count for index in indices]
        block = torch.from_numpy(self.samples.read(indices))
        if block.ndim == 4:
            block = block.permute(0, 3, 1, 2)
        return [(sample, self.labels[i]) for sample, i in zip(block, indices, strict=True)]
