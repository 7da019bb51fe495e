"""Threads and graphics cards; to be set before TensorFlow computes."""

from __future__ import annotations

from skyloom.learn import precision
from skyloom.learn.backend import tf


def use_threads(threads: int, *, between: int = 1) -> None:
    """Let TensorFlow use this many threads, and a GPU's memory only as it is needed.

    Parameters
    ----------
    threads : int
        That share the work of one operation.
    between : int
        Operations at a time.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(between)
    # So that several jobs can share one card.
    for device in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(device, True)


def keep_promise(reproducible: str, threads: int) -> int:
    """Share threads as the bits of a frozen network are promised.

    Parameters
    ----------
    reproducible : {'any_cores', 'same_cores'}
        ``any_cores`` gives each thread batches of its own, so that no sum depends on how many
        there are. ``same_cores`` lets all threads share each operation: the same bits with the
        same number of them.
    threads : int

    Returns
    -------
    int
        Batches to compute at once.
    """
    if reproducible == "any_cores":
        use_threads(1, between=threads)
        return threads
    use_threads(threads)
    return 1


def graphics_card():
    """Name of the GPU that TensorFlow computes on, or None."""
    card = _card()
    return card and card.get("device_name", "GPU")


def has_bfloat16():
    """Whether what TensorFlow computes on, a GPU or else the processor, multiplies bfloat16."""
    card = _card()
    if card is None:
        return precision.has_bfloat16()
    # Nvidia's cards do from Ampere on.
    return card.get("compute_capability", (0, 0)) >= (8, 0)


def _card():
    devices = tf.config.list_physical_devices("GPU")
    return tf.config.experimental.get_device_details(devices[0]) if devices else None
