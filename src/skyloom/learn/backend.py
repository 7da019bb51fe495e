"""Keras and TensorFlow, which only networks need."""

from skyloom.extras import extra

with extra("networks"):
    import keras
    import tensorflow as tf

__all__ = ["keras", "tf"]
