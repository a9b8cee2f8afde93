"""The Spark session: a JVM beside this process, or a server of Spark Connect."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def is_remote() -> bool:
    """Whether this process talks to Spark by Spark Connect."""
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
    """py4j's gateway to the JVM beside this process; its ``jvm`` has the classes."""
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    if context is None:
        remedy = "Spark Connect has no JVM beside this process" if is_remote() else "call kiln.spark_session() first"
        raise RuntimeError(f"{task}: needs a running Spark session with Kiln's jars; {remedy}")
    return context._gateway
