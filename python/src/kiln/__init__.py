"""Kiln: deep learning inside an Apache Spark job.

Build a network from the layers in :mod:`kiln.nn`; an estimator in :mod:`kiln.ml` trains it on the executors and returns an
MLlib model::

    import kiln
    from kiln import nn
    from kiln.ml import NetClassifier

    spark = kiln.spark_session("digits", master="local[2]")
    network = nn.Sequential(nn.Dense(128, activation="relu"), nn.Dense(10))
    model = NetClassifier(network=network, maxEpochs=5).fit(train)
    model.transform(test).select("prediction")
"""

from kiln._jvm import jars, register, spark_session
from kiln._notebook import confusion_matrix, images, show

__all__ = ["confusion_matrix", "images", "jars", "show", "spark_session"]
__version__ = "0.1.0.dev0"

register()
