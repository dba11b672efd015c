"""Logistic regression with signs, by numpy alone: what speaks for an answer may never count against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FOLDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Coefficients on the features as they are."""

    intercept: float
    weights: Array

    def predict(self, features: Array) -> Array:
        """Probabilities.

        Shapes:  features (n, k), result (n,).
        """
        return 1.0 / (1.0 + np.exp(-(self.intercept + features @ self.weights)))


def fit(features: Array, right: Array, signs: Sequence[int], *, ridge: float) -> Fitted:
    """The most probable coefficients under a ridge on standardised features, each of its sign or zero.

    Shapes:  features (n, k), right (n,) of 0.0 and 1.0, signs k of -1 and 1.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    standard = np.column_stack([np.ones(len(features)), (features - mean) / deviation])
    used = list(range(standard.shape[1]))
    while True:
        coefficients = np.zeros(standard.shape[1])
        coefficients[used] = _newton(standard[:, used], right, ridge=ridge)
        wrong = [column for column in used[1:] if signs[column - 1] * coefficients[column] < 0]
        if not wrong:
            break
        used.remove(min(wrong, key=lambda column: signs[column - 1] * coefficients[column]))
    weights = coefficients[1:] / deviation
    return Fitted(intercept=float(coefficients[0] - weights @ mean), weights=weights)


def cross_validate(
    features: Array, right: Array, signs: Sequence[int], *, ridge: float, topics: Sequence[str]
) -> Array:
    """The probability of each row by a fit that saw no question of its topic.

    Shapes:  features (n, k), right (n,), result (n,).
    """
    ordered = sorted(set(topics), key=lambda topic: sha256(f"fold {topic}".encode()).hexdigest())
    fold_of = {topic: place % FOLDS for place, topic in enumerate(ordered)}
    folds = np.array([fold_of[topic] for topic in topics])
    found = np.zeros(len(right))
    for fold in range(FOLDS):
        out = folds == fold
        found[out] = fit(features[~out], right[~out], signs, ridge=ridge).predict(features[out])
    return found


def find_threshold(probabilities: Array, right: Array, *, precision: float) -> float:
    """The lowest line above which at least this share is right, half way to the next below it."""
    order = np.argsort(-probabilities, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shares >= precision)
    if not len(enough):
        return 1.0
    last = int(enough[-1])
    upper = float(probabilities[order[last]])
    lower = float(probabilities[order[last + 1]]) if last + 1 < len(order) else 0.0
    return (upper + lower) / 2


def _newton(standard: Array, right: Array, *, ridge: float) -> Array:
    coefficients = np.zeros(standard.shape[1])
    penalty = np.full(len(coefficients), ridge)
    penalty[0] = 0.0
    for _ in range(50):
        probable = 1.0 / (1.0 + np.exp(-(standard @ coefficients)))
        slope = standard.T @ (probable - right) + penalty * coefficients
        curve = (standard * (probable * (1 - probable))[:, None]).T @ standard + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        coefficients = coefficients - step
        if np.abs(step).max() < 1e-9:
            break
    return coefficients
