"""Pictures and tables in notebooks; progress of fits. The JVM draws them, for Zeppelin too."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kiln import _session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SECONDS_BETWEEN_LOOKS = 0.25


class Picture(str):
    """Text that a notebook shows as a picture or table.

    Attributes
    ----------
    html : str
        The picture as HTML.
    """

    html: str

    def __new__(cls, text: str, html: str) -> Picture:
        picture = super().__new__(cls, text)
        picture.html = html
        return picture

    def _repr_html_(self) -> str:
        return self.html


def show(value: Any) -> None:
    """Show something in the cell of a notebook; print it elsewhere.

    Parameters
    ----------
    value : object
        A network, a summary, a confusion matrix, images, or anything that the notebook can show.
    """
    if in_notebook():
        from IPython.display import display

        display(value)
    else:
        print(value)


def confusion_matrix(predictions: DataFrame, label_col: str = "label", prediction_col: str = "prediction") -> Picture:
    """Count how often rows of each class were predicted as each other class.

    Parameters
    ----------
    predictions : pyspark.sql.DataFrame
        Rows with a label and a prediction.
    label_col, prediction_col : str
        Names of the two columns.

    Returns
    -------
    Picture
    """
    jvm = _session.gateway("confusion_matrix").jvm
    matrix = jvm.io.kiln.spark.notebook.ConfusionMatrix.of(predictions._jdf, label_col, prediction_col)
    return Picture(matrix.toString(), matrix.toHtml())


def images(pixels: Any, captions: Sequence[str]) -> Picture:
    """Make a sheet of small images of ink on paper, such as MNIST digits.

    Parameters
    ----------
    pixels : array_like of shape [images, height, width]
        Integers from 0 (paper) to 255 (ink), or floating-point numbers from 0 to 1.
    captions : sequence of str
        Caption below each image.

    Returns
    -------
    Picture
    """
    x = np.asarray(pixels)
    if x.ndim != 3 or len(captions) != len(x):
        raise ValueError(f"images: expected an array of shape [{len(captions)}, height, width] for the captions, got {x.shape}")
    if x.dtype.kind == "f":
        x = np.rint(255 * x)
    ink = np.clip(x, 0, 255).astype(np.uint8)
    sheet = _session.gateway("images").jvm.io.kiln.spark.notebook.Images()
    for image, caption in zip(ink, captions, strict=True):
        sheet.add(caption, int(x.shape[1]), int(x.shape[2]), image.tobytes())
    return Picture(sheet.toString(), sheet.toHtml())


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return getattr(shell, "kernel", None) is not None


class FitProgress:
    """Shows a fit that runs in a cell: a progress bar if tqdm is installed, and the loss curve.

    Parameters
    ----------
    watch : py4j object
        The JVM's ``io.kiln.spark.notebook.FitWatch``, which listens to the fit.
    """

    def __init__(self, watch: Any) -> None:
        self._watch = watch
        self._over = threading.Event()
        self._bar: Any = None
        self._curve: Any = None
        self._drawn = 0
        # A thread's output goes to the cell whose context it runs in.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._look,), name="kiln-fit-progress", daemon=True)

    def __enter__(self) -> FitProgress:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._update()
        if self._bar is not None:
            self._bar.close()

    def _look(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            self._update()

    def _update(self) -> None:
        total = self._watch.maxSteps()
        if total == 0:
            return
        self._show_bar(total)
        epochs = self._watch.epochs()
        if epochs > self._drawn:
            self._drawn = epochs
            self._show_curve()

    def _show_bar(self, total: int) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return
        if self._bar is None:
            self._bar = tqdm(total=total, desc="fit", unit="step")
        self._bar.update(self._watch.steps() - self._bar.n)
        loss = self._watch.loss()
        if loss == loss:  # not NaN
            self._bar.set_postfix(loss=f"{loss:.4g}", refresh=False)

    def _show_curve(self) -> None:
        from IPython.display import HTML, display

        picture = HTML(self._watch.curve().toHtml())
        if self._curve is None:
            self._curve = display(picture, display_id=True)
        else:
            self._curve.update(picture)
