"""Layers and networks.

A :class:`Layer` is a description: the JVM creates the actual layer when an estimator is fitted. Every class and function here
corresponds to the one of the same name in ``io.kiln.nn`` or a subpackage, where it is documented.
"""

from kiln.nn import _layers
from kiln.nn._layer import Layer
from kiln.nn._layers import *  # noqa: F403

__all__ = ["Layer", *_layers.__all__]
