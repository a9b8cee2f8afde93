"""Layers and networks.

A :class:`Layer` is a description: the JVM makes the real layer when an estimator is fitted. Every class and function here stands
for the one of the same name in ``io.kiln.nn`` and its subpackages, where its documentation is.
"""

from kiln.nn import _layers
from kiln.nn._layer import Layer
from kiln.nn._layers import *  # noqa: F403

__all__ = ["Layer", *_layers.__all__]
