"""The base class of all layers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from kiln import _session
from kiln._notebook import Picture

Initializer = str | Mapping[str, Mapping[str, Any]]


class Layer:
    """A layer or a network of layers.

    Parameters
    ----------
    name : str
        Name of the Java class, or class and factory method.
    arguments : mapping
        Arguments by their Python names; None values are omitted.
    """

    def __init__(self, name: str, arguments: Mapping[str, Any]) -> None:
        self._name = name
        self._arguments = {k: v for k, v in arguments.items() if v is not None}

    def to_json(self) -> str:
        """Return the layer as JSON, which Kiln's estimators accept as a network.

        Returns
        -------
        str
        """
        return json.dumps(_plain(self), allow_nan=False)

    def summary(self, input_shape: Sequence[int]) -> Picture:
        """Return a table of the layers with their output shapes and numbers of parameters.

        Needs a running Spark session with Kiln's jars and a local JVM.

        Parameters
        ----------
        input_shape : sequence of int
            Shape of one row's features, such as ``[1, 28, 28]``.

        Returns
        -------
        Picture
            Text, displayed as a table in a notebook.
        """
        jvm, block, specs = self._on_jvm("summary", input_shape)
        summary = jvm.io.kiln.view.Summary.of(block, specs)
        return Picture(summary.toString(), jvm.io.kiln.spark.notebook.Notebook.html(summary))

    def diagram(self, input_shape: Sequence[int], depth: int = 1) -> Picture:
        """Return a drawing of the layers and the data flow between them.

        Needs a running Spark session with Kiln's jars and a local JVM.

        Parameters
        ----------
        input_shape : sequence of int
            Shape of one row's features, such as ``[1, 28, 28]``.
        depth : int
            The number of levels of nested layers to show.

        Returns
        -------
        Picture
            A flowchart in Mermaid syntax, displayed as a drawing in a notebook.
        """
        jvm, block, specs = self._on_jvm("diagram", input_shape)
        drawing = jvm.io.kiln.view.Diagram.of(block, depth, specs)
        return Picture(drawing.toMermaid(), jvm.io.kiln.spark.notebook.Notebook.html(drawing))

    def _on_jvm(self, task: str, input_shape: Sequence[int]) -> Any:
        """The JVM, the layer as a block there, and the specs of its input."""
        gateway = _session.gateway(task)
        jvm = gateway.jvm
        dims = gateway.new_array(jvm.long, len(input_shape) + 1)
        dims[0] = 1
        for i, size in enumerate(input_shape):
            dims[i + 1] = size
        kiln = jvm.io.kiln
        specs = gateway.new_array(kiln.ndarray.Spec, 1)
        specs[0] = kiln.ndarray.Spec(kiln.ndarray.Shape.of(dims), kiln.ndarray.DType.FLOAT32)
        return jvm, kiln.nn.json.BlockJson.read(self.to_json()), specs

    def __repr__(self) -> str:
        return _text(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(_text(self, 0))}</pre>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layer) and _plain(self) == _plain(other)

    def __hash__(self) -> int:
        return hash(self.to_json())


def _java_name(name: str) -> str:
    """``use_bias`` as ``useBias``."""
    return re.sub(r"_([a-z])", lambda m: m.group(1).upper(), name.rstrip("_"))


def _plain(value: Any) -> Any:
    if isinstance(value, Layer):
        arguments = value._arguments
        if list(arguments) == ["*"]:
            return {value._name: [_plain(v) for v in arguments["*"]]}
        return {value._name: {_java_name(k): _plain(v) for k, v in arguments.items()}}
    if isinstance(value, Mapping):
        return {_java_name(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _text(layer: Layer, indent: int | None = None) -> str:
    """The call that creates a layer; with an indent, one line for each inner layer."""
    parts = []
    inner = None if indent is None else indent + 2
    for name, value in layer._arguments.items():
        if name == "*":
            parts += [_text(v, inner) for v in value]
        else:
            parts.append(f"{name}={_text(value, inner) if isinstance(value, Layer) else repr(value)}")
    if indent is None or not any(isinstance(v, (Layer, tuple)) for v in layer._arguments.values()):
        return f"{layer._name}({', '.join(parts)})"
    space = "\n" + " " * (indent + 2)
    return f"{layer._name}({space}{(',' + space).join(parts)})"
