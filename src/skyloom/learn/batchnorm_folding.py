"""Batch normalisation with stored statistics, folded into the convolutions before it.

A frozen network normalises each plane by numbers that never change, which is a scale and an offset:
γ (x - μ) / √(σ² + ε) + β. A convolution can carry both in its kernel and bias, so that no plane
is read and written again for them (Jacob et al. 2018, section 3.2).
"""

from __future__ import annotations

import numpy as np

from skyloom.learn.backend import keras


def folded(model: keras.Model) -> keras.Model:
    """The same function without batch normalisation.

    Parameters
    ----------
    model : keras.Model
        A graph in which every batch normalisation follows a convolution that nothing else reads;
        as `skyloom.learn.pretrained.backbone` makes it.

    Returns
    -------
    keras.Model
        Not trainable; differs by rounding alone (kernels are scaled in float64, kept in float32).
    """
    following = _normalisations(model)
    image = keras.Input(model.input_shape[1:], name="image")
    made = {id(model.input): image}
    for operation in model.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        seen = operation.input
        seen = [made[id(each)] for each in seen] if isinstance(seen, list) else made[id(seen)]
        if any(operation is normalisation for normalisation in following.values()):
            # Its convolution has done it already.
            made[id(operation.output)] = seen
            continue
        normalisation = following.get(operation.name)
        options = operation.get_config()
        if normalisation is not None:
            options["use_bias"] = True
        twin = type(operation).from_config(options)
        made[id(operation.output)] = twin(seen)
        if normalisation is not None:
            twin.set_weights(_scaled(operation, normalisation))
        elif isinstance(operation, keras.layers.Layer):
            twin.set_weights(operation.get_weights())
    model = keras.Model(image, made[id(model.output)], name=model.name)
    model.trainable = False
    return model


def _normalisations(model):
    """Name of a convolution without activation -> the batch normalisation that reads it."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            before = layer.input._keras_history.operation
            # What comes after another activation is no part of the convolution, and stays.
            if getattr(before, "activation", keras.activations.linear) != keras.activations.linear:
                continue
            readers = [op for op in model.operations if _reads(op, before)]
            if not isinstance(before, keras.layers.Conv2D) or readers != [layer]:
                raise ValueError(f"{layer.name} does not follow a convolution of its own")
            found[before.name] = layer
    return found


def _reads(operation, before):
    if isinstance(operation, keras.layers.InputLayer):
        return False
    seen = operation.input if isinstance(operation.input, list) else [operation.input]
    return any(each is before.output for each in seen)


def _scaled(convolution, normalisation):
    """Kernel and bias of a convolution that normalises as well."""
    kernel, *bias = (weight.astype(np.float64) for weight in convolution.get_weights())
    values = {weight.name: weight.numpy().astype(np.float64) for weight in normalisation.weights}
    spread = np.sqrt(values["moving_variance"] + normalisation.epsilon)
    scale = values.get("gamma", 1.0) / spread
    offset = (bias[0] if bias else 0.0) - values["moving_mean"]
    return [kernel * scale, offset * scale + values.get("beta", 0.0)]
