"""One pass of gradient descent over the training rows as one compiled function.

The mathematics is that of ``keras.Model.fit``; what is saved is the work around it:

- the optimizer is one operation a variable, which can begin when its gradient is there;
- the 1x1 convolution is a matrix product over pixels, whose gradient is faster;
- the next batch is gathered and converted while this one is learnt from. Both belong to different
  operations of the graph, so with one more thread (`devices.use_threads`, ``between``) they run
  side by side, and no sum changes its order: the bits are those of one thread.
"""

from __future__ import annotations

from skyloom.learn.backend import keras, tf
from skyloom.learn.optimizers import Adadelta

#: Names of ``tng.training.optimizer``.
OPTIMIZERS = {
    "adadelta": Adadelta,
    "adam": keras.optimizers.Adam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}


class Epoch:
    """Learns from rows of features; between calls all that is learnt is in the network.

    Parameters
    ----------
    network : keras.Model
        A chain of layers, such as `skyloom.learn.regression.head`.
    optimizer : str
        One of `OPTIMIZERS`.
    learning_rate : float
    batch_size : int

    Attributes
    ----------
    optimizer : keras.optimizers.Optimizer
        Its variables, with those of the network, are the whole state.
    """

    def __init__(
        self, network: keras.Model, *, optimizer: str, learning_rate: float, batch_size: int
    ) -> None:
        self.network, self.batch_size = network, batch_size
        self.optimizer = OPTIMIZERS[optimizer](learning_rate=learning_rate)
        self.optimizer.build(network.trainable_variables)

    @tf.function(reduce_retracing=True)
    def learn(self, features, labels, order):
        """Learn from the rows in this order.

        Parameters
        ----------
        features : (N, ...) float16 or float32 tensor
        labels : (N, 1) float32 tensor
        order : (n,) int64 tensor

        Returns
        -------
        float64 tensor
            Mean of the squared error over the rows, each as it was before its batch was learnt
            from, with dropout.
        """
        count = tf.size(order)
        total = tf.zeros((), tf.float64)
        first = tf.zeros((), tf.int32)
        x, y = self._fetch(features, labels, order[: self.batch_size])
        while first < count:
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[
                    (x, tf.TensorShape([None, *features.shape[1:]])),
                    (y, tf.TensorShape([None, 1])),
                ]
            )
            first += self.batch_size
            # Empty after the last batch.
            following = self._fetch(features, labels, order[first : first + self.batch_size])
            loss = self._step(x, y)
            # The last batch may be smaller: weighted by its size, as Keras does.
            total += tf.cast(loss, tf.float64) * tf.cast(tf.size(y), tf.float64)
            x, y = following
        return total / tf.cast(count, tf.float64)

    @tf.function(reduce_retracing=True)
    def predict(self, features, rows):
        """Predictions of blocks of rows with the network's weights, without dropout.

        Parameters
        ----------
        features : (N, ...) float16 or float32 tensor
        rows : (blocks, n) int64 tensor
            Several blocks are worked on at once where there are threads.

        Returns
        -------
        (blocks, n) float32 tensor
        """

        def block(rows):
            x = tf.cast(tf.gather(features, rows), tf.float32)
            return forward(self.network, x, training=False)[:, 0]

        return tf.map_fn(block, rows, fn_output_signature=tf.float32, parallel_iterations=2)

    @staticmethod
    def _fetch(features, labels, rows):
        return tf.cast(tf.gather(features, rows), tf.float32), tf.gather(labels, rows)

    def _step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(forward(self.network, x, training=True) - y))
        variables = self.network.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss


def forward(network: keras.Model, x, *, training: bool):
    """What a chain of layers makes of `x`, each 1x1 convolution as a matrix product.

    Parameters
    ----------
    network : keras.Model
        See `Epoch`.
    x : (n, ...) float32 tensor
    training : bool
        Whether dropout drops.

    Returns
    -------
    tensor
    """
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (1, 1):
            channels, filters = layer.kernel.shape[-2:]
            flat = tf.matmul(
                tf.reshape(x, (-1, channels)), tf.reshape(layer.kernel, (channels, filters))
            )
            x = layer.activation(tf.reshape(flat + layer.bias, (-1, *x.shape[1:-1], filters)))
        elif not isinstance(layer, keras.layers.InputLayer):
            x = layer(x, training=training)
    return x
