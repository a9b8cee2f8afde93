package io.kiln.ml

import org.apache.spark.ml.param.{Param, Params}

/**
 * A Param with the type that Spark Connect clients send it as. Since Spark 4 Params declare it.
 *
 * @param parent the owner
 * @param name its name
 * @param doc its documentation
 * @param isValid the validator
 * @param sent the type
 */
class TypedParam[T](parent: Params, name: String, doc: String, isValid: T => Boolean, sent: Class[T])
    extends Param[T](parent.uid, name, doc, isValid, sent)
