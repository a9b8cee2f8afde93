package io.kiln.ml

import io.kiln.spark.model.Network
import org.apache.spark.ml.param.{Param, ParamPair, Params}

/** A Param that holds a network; saved as its graph, with its values where it has any.
  *
  * @param parent whose Param it is
  * @param name its name
  * @param doc what it means
  */
class NetworkParam(parent: Params, name: String, doc: String)
    extends Param[Network](parent.uid, name, doc) {

  override def w(value: Network): ParamPair[Network] = super.w(value)

  override def jsonEncode(value: Network): String = value.toJson

  override def jsonDecode(json: String): Network = Network.fromSavedJson(json)
}
