"""One pass of gradient descent over the training rows as one compiled function.

The mathematics is that of ``keras.Model.fit``; what is saved is the work around it:

- all weights lie in one vector, so that the optimizer is a few operations, not a few a layer;
- the 1x1 convolution is a matrix product over pixels, and no gradient of the features is made;
- the next batch is gathered and converted while this one is learnt from. Both belong to different
  operations of the graph, so with one more thread (`devices.use_threads`, ``between``) they run
  side by side, and no sum changes its order: the bits are those of one thread.
"""

import keras
import numpy as np
import tensorflow as tf


class Adadelta(keras.optimizers.Adadelta):
    """Keras's Adadelta with its update as TensorFlow's single fused operation."""

    def update_step(self, gradient, variable, learning_rate):
        """Update a `tf.Variable` in place (Zeiler 2012, algorithm 1, times the learning rate)."""
        index = self._get_variable_index(variable)
        memory = self._accumulated_grads[index], self._accumulated_delta_vars[index]
        tf.raw_ops.ResourceApplyAdadelta(
            var=variable.handle,
            accum=memory[0].value.handle,
            accum_update=memory[1].value.handle,
            lr=tf.cast(learning_rate, tf.float32),
            rho=tf.constant(self.rho, tf.float32),
            epsilon=tf.constant(self.epsilon, tf.float32),
            grad=gradient,
        )


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
        A chain of 1x1 convolutions, dense layers, and layers without weights, as
        `skyloom.networks.regression.head` makes it.
    optimizer : str
        One of `OPTIMIZERS`.
    learning_rate : float
    batch_size : int

    Attributes
    ----------
    optimizer : keras.optimizers.Optimizer
        Its variables, with those of the network, are the whole state.
    """

    def __init__(self, network, *, optimizer, learning_rate, batch_size):
        self.network, self.batch_size = network, batch_size
        self._shapes = [tuple(v.shape) for v in network.trainable_variables]
        # `learn` fills it from the network at its begin and empties it there at its end.
        length = sum(int(np.prod(shape)) for shape in self._shapes)
        self._weights = keras.Variable(np.zeros(length, np.float32), name="weights")
        self.optimizer = OPTIMIZERS[optimizer](learning_rate=learning_rate)
        self.optimizer.build([self._weights])

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
        variables = self.network.trainable_variables
        self._weights.assign(tf.concat([tf.reshape(v, (-1,)) for v in variables], 0))
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
        for variable, values in zip(variables, self._parts(self._weights), strict=True):
            variable.assign(values)
        return total / tf.cast(count, tf.float64)

    @tf.function(reduce_retracing=True)
    def predict(self, features, rows):
        """Predictions of rows with the network's weights, without dropout: (n,) float32."""
        x = tf.cast(tf.gather(features, rows), tf.float32)
        return forward(self.network, self.network.trainable_variables, x, training=False)[:, 0]

    @staticmethod
    def _fetch(features, labels, rows):
        return tf.cast(tf.gather(features, rows), tf.float32), tf.gather(labels, rows)

    def _parts(self, weights):
        """The vector of all weights cut into the network's arrays."""
        sizes = [int(np.prod(shape)) for shape in self._shapes]
        parts = tf.split(tf.convert_to_tensor(weights), sizes)
        return [tf.reshape(part, shape) for part, shape in zip(parts, self._shapes, strict=True)]

    def _step(self, x, y):
        weights = tf.convert_to_tensor(self._weights)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            predicted = forward(self.network, self._parts(weights), x, training=True)
            loss = tf.reduce_mean(tf.square(predicted - y))
        self.optimizer.apply([tape.gradient(loss, weights)], [self._weights])
        return loss


def forward(network, weights, x, *, training):
    """What a chain of layers makes of `x` with these weights in the place of its own.

    Parameters
    ----------
    network : keras.Model
        See `Epoch`.
    weights : sequence of tensor
        In the order of ``network.trainable_variables``: a kernel and a bias a layer.
    x : (n, ...) float32 tensor
    training : bool
        Whether dropout drops.

    Returns
    -------
    tensor
    """
    pairs = iter(zip(weights[::2], weights[1::2], strict=True))
    for layer in network.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if not layer.trainable_variables:
            x = layer(x, training=training)
            continue
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel_size != (1, 1):
            raise ValueError(f"layer {layer.name} is not a 1x1 convolution")
        kernel, bias = next(pairs)
        # A convolution of one pixel is a product over channels; as one, its gradient is fast.
        flat = tf.reshape(x, (-1, kernel.shape[-2]))
        flat = tf.matmul(flat, tf.reshape(kernel, kernel.shape[-2:])) + bias
        x = layer.activation(tf.reshape(flat, (-1, *x.shape[1:-1], kernel.shape[-1])))
    return x
