"""The Spark session: a local JVM, or a Spark Connect server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def is_remote() -> bool:
    """Whether this process uses Spark Connect."""
    from pyspark.sql.utils import is_remote

    return bool(is_remote()) and "PYSPARK_NO_NAMESPACE_SHARE" not in os.environ


def active(task: str) -> SparkSession:
    """The running session."""
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is None:
        raise RuntimeError(f"{task}: needs a running Spark session with Kiln's jars; call kiln.spark_session() first")
    return session


def gateway(task: str) -> Any:
    """The py4j gateway to the local JVM; its ``jvm`` has the classes."""
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    if context is None:
        remedy = "Spark Connect has no JVM beside this process" if is_remote() else "call kiln.spark_session() first"
        raise RuntimeError(f"{task}: needs a running Spark session with Kiln's jars; {remedy}")
    return context._gateway
