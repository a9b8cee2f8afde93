package io.kiln.ml

import com.fasterxml.jackson.core.{JsonFactory, StreamReadConstraints}
import com.fasterxml.jackson.databind.ObjectMapper
import io.kiln.spark.model.{InitialModel, TrainedNetwork}
import org.apache.spark.ml.param.{ParamPair, Params}

/**
 * A Param for the model that a training begins with: the path of a saved one, or a model's network. A network is saved
 * with its weights.
 *
 * @param parent the owner
 * @param name its name
 * @param doc its documentation
 */
class InitialModelParam(parent: Params, name: String, doc: String)
    extends TypedParam[AnyRef](
      parent, name, doc, InitialModelParam.isValid _,
      classOf[String].asInstanceOf[Class[AnyRef]]) {

  override def w(value: AnyRef): ParamPair[AnyRef] = super.w(value)

  /** The Param with the path of a saved model or of a safetensors file. */
  def w(value: String): ParamPair[AnyRef] = super.w(value)

  override def jsonEncode(value: AnyRef): String = InitialModelParam.Json.writeValueAsString(value match {
    case network: TrainedNetwork => InitialModel.inline(network)
    case path => path.toString
  })

  override def jsonDecode(json: String): AnyRef = InitialModelParam.Json.readValue(json, classOf[String])
}

private object InitialModelParam {
  private val Json: ObjectMapper = {
    val factory = new JsonFactory
    factory.setStreamReadConstraints(StreamReadConstraints.builder.maxStringLength(Int.MaxValue).build)
    new ObjectMapper(factory)
  }

  def isValid(value: AnyRef): Boolean = value match {
    case path: String => path.nonEmpty
    case other => other.isInstanceOf[TrainedNetwork]
  }
}
