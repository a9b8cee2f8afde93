package io.kiln.ml

import io.kiln.spark.model.Network
import org.apache.spark.ml.param.{Param, ParamPair, Params}

/** A Param that holds a network; saved as its graph, with its values where it has any. Clients that can pass no block, such as
  * PySpark, pass JSON.
  *
  * @param parent whose Param it is
  * @param name its name
  * @param doc what it means
  */
class NetworkParam(parent: Params, name: String, doc: String)
    extends Param[Network](parent.uid, name, doc) {

  override def w(value: Network): ParamPair[Network] = super.w(value)

  /** The Param with a network given as JSON: layers or a graph. */
  def w(value: String): ParamPair[Network] = w(Network.fromJson(value))

  override def jsonEncode(value: Network): String = value.toJson

  override def jsonDecode(json: String): Network = Network.fromSavedJson(json)
}
