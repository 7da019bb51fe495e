"""Keras's optimizers with one operation a variable."""

from __future__ import annotations

from skyloom.learn.backend import keras, tf


class Adam(keras.optimizers.Adam):
    """Keras's Adam with its update as TensorFlow's single fused operation.

    It passes over a variable once instead of a dozen times, which the 7.6 million weights of the
    network of stellar spectra, more than a processor's cache holds, are slowed down by.
    """

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Update a `tf.Variable` in place (Kingma & Ba 2015, end of section 2)."""
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(tf.constant(self.beta_1, tf.float32), step),
            beta2_power=tf.pow(tf.constant(self.beta_2, tf.float32), step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=tf.constant(self.beta_1, tf.float32),
            beta2=tf.constant(self.beta_2, tf.float32),
            epsilon=tf.constant(self.epsilon, tf.float32),
            grad=gradient,
        )


class Adadelta(keras.optimizers.Adadelta):
    """Keras's Adadelta with its update as TensorFlow's single fused operation."""

    def update_step(self, gradient, variable, learning_rate) -> None:
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
