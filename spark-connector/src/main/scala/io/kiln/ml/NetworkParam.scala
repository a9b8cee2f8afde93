package io.kiln.ml

import io.kiln.spark.model.Network
import org.apache.spark.ml.param.{ParamPair, Params}

/**
 * A Param for a network: a [[Network]] or its JSON, which is used by clients that cannot pass a block, such as PySpark
 * and Spark Connect. It is saved as JSON, with its values if it has any.
 *
 * @param parent the owner
 * @param name its name
 * @param doc its documentation
 */
class NetworkParam(parent: Params, name: String, doc: String)
    extends TypedParam[AnyRef](
      parent, name, doc, NetworkParam.isValid _,
      classOf[String].asInstanceOf[Class[AnyRef]]) { // as sent by Spark Connect clients

  override def w(value: AnyRef): ParamPair[AnyRef] = super.w(value)

  /** The Param with a network as JSON: layers or a graph. */
  def w(value: String): ParamPair[AnyRef] = super.w(value)

  override def jsonEncode(value: AnyRef): String = value match {
    case network: Network => network.toJson
    case json => json.toString
  }

  override def jsonDecode(json: String): AnyRef = json
}

private object NetworkParam {

  /** Rejects JSON that is not a network, with a message that says where it is wrong. */
  def isValid(value: AnyRef): Boolean = value match {
    case _: Network => true
    case json: String => Network.fromJson(json) != null
    case _ => false
  }
}
