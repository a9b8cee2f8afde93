package io.kiln.ml

import io.kiln.spark.model.Network
import org.apache.spark.ml.param.{Param, ParamPair, Params}

/** A Param that holds a network: a [[Network]], or its JSON, which is how clients give it that can pass no block, such as PySpark and
  * Spark Connect. It is saved as JSON, with its values where it has any.
  *
  * @param parent whose Param it is
  * @param name its name
  * @param doc what it means
  */
class NetworkParam(parent: Params, name: String, doc: String)
    extends Param[AnyRef](
      parent.uid, name, doc, NetworkParam.isValid _,
      classOf[String].asInstanceOf[Class[AnyRef]]) { // what a client of Spark Connect sends

  override def w(value: AnyRef): ParamPair[AnyRef] = super.w(value)

  /** The Param with a network given as JSON: layers or a graph. */
  def w(value: String): ParamPair[AnyRef] = super.w(value)

  override def jsonEncode(value: AnyRef): String = value match {
    case network: Network => network.toJson
    case json => json.toString
  }

  override def jsonDecode(json: String): AnyRef = json
}

private object NetworkParam {

  /** Refuses JSON that is no network with a message that says where it is wrong. */
  def isValid(value: AnyRef): Boolean = value match {
    case _: Network => true
    case json: String => Network.fromJson(json) != null
    case _ => false
  }
}
