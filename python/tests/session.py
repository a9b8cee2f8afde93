"""The Spark session of generator and tests."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession

import kiln


def start(name: str, master: str = "local[2]") -> SparkSession:
    """A session with Kiln's jars; with ``KILN_CLASSPATH``, on the classes of a build instead."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    conf = {
        "spark.driver.host": "127.0.0.1",
        "spark.ui.port": "0",
        "spark.ui.showConsoleProgress": "false",
        "spark.plugins": "io.kiln.spark.ui.KilnPlugin",
    }
    classes = os.environ.get("KILN_CLASSPATH")
    if not classes:
        return kiln.spark_session(name, master, **conf)
    builder = SparkSession.builder.appName(name).master(master)
    for key, value in conf.items():
        builder = builder.config(key, value)
    builder = builder.config("spark.driver.extraClassPath", classes).config("spark.executor.extraClassPath", classes)
    return builder.getOrCreate()
