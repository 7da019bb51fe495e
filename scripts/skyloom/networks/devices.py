"""Threads and graphics cards; to be set before TensorFlow computes."""

import tensorflow as tf


def use_threads(threads, *, between=1):
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


def graphics_card():
    """Name of the GPU that TensorFlow computes on, or None."""
    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return None
    return tf.config.experimental.get_device_details(devices[0]).get("device_name", "GPU")
