"""What a chain of layers makes of a batch, its convolutions on parts of the batch side by side.

A batch is cut into a fixed number of parts, whatever the machine. Each part's convolutions run on
one thread, several parts at a time; their gradients are added in the order of the parts. So every
number of threads gives the same bits, and small parts stay in the processor's cache: on two cores
432 images/s of the 3-conv network at 162 x 162, against 336 of Keras's way (two threads inside each
operation), whose bits depend on the number of threads.
"""

from __future__ import annotations

from skyloom.learn.backend import keras, tf

#: Parts of a batch on a processor; a graphics card takes the batch whole.
PARTS = 8
# A model inside the chain is one of `skyloom.learn.pretrained`: it judges each image by itself.
_PER_IMAGE = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.Model,
)


def parts():
    """How many parts a batch is cut into on this machine."""
    return 1 if tf.config.list_physical_devices("GPU") else PARTS


def outputs(network: keras.Model, images, *, training: bool, parts: int):
    """The numbers before the network's last activation.

    Parameters
    ----------
    network : keras.Model
        A chain of layers with a dense one named ``output``; what follows that is left out.
    images : (n, ...) float32 tensor
        n known while tracing.
    training : bool
        Whether dropout drops and batch normalisation learns.
    parts : int
        See the module.

    Returns
    -------
    (n, outputs) float32 tensor
    """
    x, waiting = images, []
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer, _PER_IMAGE):
            waiting.append(layer)
            continue
        x, waiting = _apart(waiting, x, parts), []
        if layer.name == "output":
            return tf.matmul(x, layer.kernel) + layer.bias
        # Layers that look at the whole batch (its mean, a generator's state) see all of it.
        x = layer(x, training=training)
    raise ValueError(f"network {network.name} has no layer named output")


def _apart(layers, x, count):
    if not layers:
        return x
    count = min(count, x.shape[0])
    sizes = [x.shape[0] // count + (part < x.shape[0] % count) for part in range(count)]
    made = []
    for part in tf.split(x, sizes) if count > 1 else [x]:
        for layer in layers:
            part = layer(part)  # a model's normalisation does not learn: no training flag
        made.append(part)
    return tf.concat(made, axis=0) if count > 1 else made[0]
