package io.kiln.ml

import org.apache.spark.ml.param.{Param, Params}

/**
 * A Param with the type of its values, which Spark 3.5 has no use for.
 *
 * @param parent the owner
 * @param name its name
 * @param doc its documentation
 * @param isValid the validator
 * @param sent the type
 */
class TypedParam[T](parent: Params, name: String, doc: String, isValid: T => Boolean, sent: Class[T])
    extends Param[T](parent.uid, name, doc, isValid)
