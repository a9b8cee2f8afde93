"""Access to the JVM: Kiln's jars and the names of its classes."""

from __future__ import annotations

import io
import os
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_PACKAGE = "io.kiln.ml"


def jars() -> list[str]:
    """Paths of the jars that a Spark application with Kiln needs.

    They are taken from the environment variable ``KILN_JARS`` (separated by commas, as ``bin/kiln jars`` prints them), or else
    from the installed wheel.

    Returns
    -------
    list of str

    Raises
    ------
    FileNotFoundError
        If neither has jars.
    """
    given = [p for p in os.environ.get("KILN_JARS", "").split(",") if p]
    found = given or sorted(str(p) for p in (Path(__file__).parent / "jars").glob("*.jar"))
    missing = [p for p in found if not Path(p).exists()]
    if not found or missing:
        raise FileNotFoundError(
            f"kiln.jars: {'no such file: ' + missing[0] if missing else 'this installation has no jars'}; "
            "install the wheel, or set KILN_JARS to the output of `bin/kiln jars`"
        )
    return found


def spark_session(app_name: str = "kiln", master: str | None = None, **conf: Any) -> SparkSession:
    """Get or create a Spark session that has Kiln's jars.

    Parameters
    ----------
    app_name : str
        Name of the application.
    master : str, optional
        Master URL, such as ``"local[2]"``; by default the one set by ``spark-submit`` or Spark's configuration.
    **conf
        Further Spark properties; since their names contain dots, pass them as ``**{"spark.executor.memory": "4g"}``.

    Returns
    -------
    pyspark.sql.SparkSession

    Raises
    ------
    RuntimeError
        If a session without Kiln's classes is already running.
    """
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName(app_name).config("spark.jars", ",".join(jars()))
    if master is not None:
        builder = builder.master(master)
    for key, value in conf.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    jvm: Any = session.sparkContext._jvm
    if not _has_class(jvm, _PACKAGE + ".NetClassifier"):
        raise RuntimeError(
            "kiln.spark_session: a Spark session without Kiln's jars is running; stop it first, or start it with "
            'spark.jars set to ",".join(kiln.jars())'
        )
    return session


def _has_class(jvm: Any, name: str) -> bool:
    found = jvm
    for part in name.split("."):
        found = getattr(found, part)
    return type(found).__name__ == "JavaClass"


def register() -> None:
    """Let PySpark find the Python class of a stage that was saved by the JVM.

    PySpark imports the module with the name of the Java class's package. It renames only its own packages, and takes
    ``io.kiln.ml`` for a submodule of Python's ``io``, which therefore gets one.
    """
    if _PACKAGE in sys.modules:
        return
    package = types.ModuleType("io.kiln")
    module = _Stages(_PACKAGE)
    package.ml = module  # type: ignore[attr-defined]
    io.kiln = package  # type: ignore[attr-defined]
    sys.modules["io.kiln"] = package
    sys.modules[_PACKAGE] = module


class _Stages(types.ModuleType):
    """``io.kiln.ml`` for PySpark: the stages of :mod:`kiln.ml`, imported on first use."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        import kiln.ml

        return getattr(kiln.ml, name)
