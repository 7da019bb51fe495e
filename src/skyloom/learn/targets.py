"""What a classifier is asked: a yes or no, one class of several, or a place on an ordered scale."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import expit, log_softmax

from skyloom.errors import check_one_of
from skyloom.learn.backend import tf

KINDS = ("binary", "classes", "ordinal")


@dataclasses.dataclass(frozen=True)
class Target:
    """A question about labels 0 to `classes` - 1, as a network answers it by numbers.

    Attributes
    ----------
    kind : {'binary', 'classes', 'ordinal'}
        ``binary``: one output, the logit of a label at or above `positive_from`. ``classes``: one
        output a class (softmax). ``ordinal``: one output a step of the scale, which give the
        logits of P(label > k): the first is its output, each further one lies below the one
        before by the softplus of its output, so that they fall whatever the network says
        (cumulative link model, McCullagh 1980, with the thresholds left to the network).
    classes : int
    positive_from : int, optional
        Labels from here on are the positive side, whose probability is the `score`.
    """

    kind: str
    classes: int
    positive_from: int | None = None

    def __post_init__(self):
        """Refuse what cannot be asked."""
        check_one_of("target", self.kind, KINDS)
        if self.kind == "binary" and self.positive_from is None:
            raise ValueError("a binary target needs positive_from")
        if self.positive_from is not None and not 0 < self.positive_from < self.classes:
            raise ValueError(f"positive_from must split {self.classes} classes")

    @property
    def outputs(self):
        """Numbers that the network gives for one image."""
        return {"binary": 1, "classes": self.classes, "ordinal": self.classes - 1}[self.kind]

    def encode(self, labels):
        """Labels as the loss compares them: (N,) int -> (N, outputs) float32 of 0 and 1."""
        labels = np.asarray(labels)[:, None]
        if self.kind == "binary":
            answers = labels >= self.positive_from
        elif self.kind == "classes":
            answers = labels == np.arange(self.classes)
        else:
            answers = labels > np.arange(self.classes - 1)
        return answers.astype(np.float32)

    def losses(self, outputs, answers):
        """Cross-entropy of each image (ordinal: mean over the steps): (n,) tensor."""
        if self.kind == "classes":
            return tf.nn.softmax_cross_entropy_with_logits(answers, outputs)
        logits = falling(outputs) if self.kind == "ordinal" else outputs
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(answers, logits), axis=1)

    def correct(self, outputs, answers):
        """Whether each image is on the right side (without sides, in the right class): (n,) bool.

        A probability of exactly one half is on the negative side, as Keras has it.
        """
        start = self.positive_from
        if self.kind == "binary":
            return tf.equal(outputs[:, 0] > 0, answers[:, 0] > 0.5)
        if self.kind == "classes":
            if start is None:
                return tf.equal(tf.argmax(outputs, axis=1), tf.argmax(answers, axis=1))
            positive = tf.reduce_sum(tf.nn.softmax(outputs)[:, start:], axis=1)
            return tf.equal(positive > 0.5, tf.reduce_sum(answers[:, start:], axis=1) > 0.5)
        logits = falling(outputs)
        if start is None:
            steps = tf.math.count_nonzero(logits > 0, axis=1)
            return tf.equal(steps, tf.math.count_nonzero(answers > 0.5, axis=1))
        return tf.equal(logits[:, start - 1] > 0, answers[:, start - 1] > 0.5)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray | None:
        """Probability of every class, or None for a binary question.

        Parameters
        ----------
        outputs : (N, outputs) array

        Returns
        -------
        (N, classes) float64 array or None
            Rows add up to one; none is negative.
        """
        if self.kind == "binary":
            return None
        outputs = np.asarray(outputs, dtype=np.float64)
        if self.kind == "classes":
            return np.exp(log_softmax(outputs, axis=1))
        above = self._above(outputs)
        one, zero = np.ones((len(outputs), 1)), np.zeros((len(outputs), 1))
        return np.concatenate([one, above], axis=1) - np.concatenate([above, zero], axis=1)

    def score(self, outputs):
        """Probability of the positive side, (N,) float64; None where there are no sides."""
        outputs = np.asarray(outputs, dtype=np.float64)
        if self.positive_from is None:
            return None
        if self.kind == "binary":
            return expit(outputs[:, 0])
        if self.kind == "classes":
            positive = self.probabilities(outputs)[:, self.positive_from :].sum(axis=1)
            return np.minimum(positive, 1.0)  # a sum of rounded numbers may pass it
        return self._above(outputs)[:, self.positive_from - 1]

    @staticmethod
    def _above(outputs):
        """P(label > k) from the outputs, in double precision."""
        steps = np.logaddexp(0.0, outputs[:, 1:])
        return expit(np.cumsum(np.concatenate([outputs[:, :1], -steps], axis=1), axis=1))


def falling(outputs):
    """Logits of P(label > k), k rising, which fall: first output, then less by softplus each."""
    return tf.cumsum(tf.concat([outputs[:, :1], -tf.nn.softplus(outputs[:, 1:])], axis=1), axis=1)
