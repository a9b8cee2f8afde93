package io.kiln.ml

import org.apache.spark.ml.param.Params

/**
 * A text Param. Unlike MLlib's plain Param it declares its type, so that Spark Connect clients can set it.
 *
 * @param parent the owner
 * @param name its name
 * @param doc its documentation
 * @param isValid the validator
 */
class TextParam(parent: Params, name: String, doc: String, isValid: String => Boolean)
    extends TypedParam[String](parent, name, doc, isValid, classOf[String]) {

  /** A Param that accepts any text. */
  def this(parent: Params, name: String, doc: String) = this(parent, name, doc, (_: String) => true)
}
