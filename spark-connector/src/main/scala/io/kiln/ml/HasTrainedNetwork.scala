package io.kiln.ml

import io.kiln.spark.model.TrainedNetwork

/** A model with a trained network. */
trait HasTrainedNetwork {

  /** The network with its weights. */
  def trainedNetwork: TrainedNetwork
}
