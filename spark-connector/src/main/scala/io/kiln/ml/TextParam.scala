package io.kiln.ml

import org.apache.spark.ml.param.{Param, Params}

/** A Param of text. Unlike MLlib's plain Param it says so, which lets clients of Spark Connect set it.
  *
  * @param parent whose Param it is
  * @param name its name
  * @param doc what it means
  * @param isValid whether it may have a value
  */
class TextParam(parent: Params, name: String, doc: String, isValid: String => Boolean)
    extends Param[String](parent.uid, name, doc, isValid, classOf[String]) {

  /** A Param that may have any text. */
  def this(parent: Params, name: String, doc: String) = this(parent, name, doc, (_: String) => true)
}
