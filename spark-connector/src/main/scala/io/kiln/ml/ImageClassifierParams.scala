package io.kiln.ml

import io.kiln.spark.feed.{Conversion, FeedColumn, ImageCoding, InputBinding}
import io.kiln.spark.model.Backbones
import org.apache.spark.ml.param.{IntArrayParam, Param}
import org.apache.spark.sql.types.StructType

import scala.jdk.CollectionConverters._

/** The Params of image classifiers and their models. */
trait ImageClassifierParams extends ColumnClassifierParams with NetImageParams {

  /** The column of images. @group param */
  final val imageCol: Param[String] = new TextParam(
    this, "imageCol", "column of images: the struct of Spark's data source image, the content of image files, or their paths")

  /** @group getParam */
  final def getImageCol: String = $(imageCol)

  /** The network. @group param */
  final val backbone: Param[String] = new TextParam(
    this, "backbone",
    "network of the zoo: resnet18 and others for photographs, lenet for small grey images; an unknown name is told with all names",
    (s: String) => Backbones.check(s))

  /** @group getParam */
  final def getBackbone: String = $(backbone)

  /** Shape of images. @group param */
  final val imageShape: IntArrayParam = new IntArrayParam(
    this, "imageShape",
    "channels (1 or 3), height and width of the images that the network sees, to which all are brought; unset: those that the backbone was designed for, such as [3, 224, 224]",
    (a: Array[Int]) => a.length == 3 && (a(0) == 1 || a(0) == 3) && a.forall(n => n > 0 && n <= Short.MaxValue))

  /** @group getParam */
  final def getImageShape: Array[Int] = $(imageShape)

  setDefault(imageCol -> "image", backbone -> "resnet18", inputScale -> 1 / 255.0)

  private[ml] def shapeOfImages: Seq[Int] =
    if (isDefined(imageShape)) $(imageShape).toSeq else Backbones.imageShape($(backbone)).asScala.map(_.toInt).toSeq

  private[ml] override def checkColumns(schema: StructType): Unit = {
    val kind = FeedColumn.find(schema, "imageCol", $(imageCol)).field.dataType
    require(
      ImageCoding.isImages(kind),
      s"$uid: imageCol: column \"${$(imageCol)}\" is of type ${kind.catalogString}; images are binary (files), string (their paths), or the struct of Spark's data source image")
  }

  private[ml] override def binding(vocabularies: NetIoParams.Vocabularies): InputBinding = new InputBinding(
    Seq($(imageCol)).asJava,
    java.util.List.of(),
    Seq(shapeOfImages.mkString("image[", ",", "]")).asJava,
    0,
    java.util.List.of(),
    new Conversion(
      $(inputScale), java.util.List.of(), ImageCoding.Fit.of($(imageFit)), java.util.List.of(), vocabularies))
}
