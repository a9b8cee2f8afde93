package io.kiln.spark.feed;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import java.util.List;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;

/** Determines how a field of images or texts is read. */
final class CodedField {
    private CodedField() {}

    /** Whether a column holds something other than numbers. */
    static boolean applies(TypeText stated, FeedColumn column) {
        return stated.coding() != null || ImageCoding.source(column.field().dataType()) == ImageCoding.Source.STRUCT;
    }

    static Field of(
            String input,
            FeedColumn column,
            TypeText stated,
            Spec declared,
            FieldType.Sequences sequences,
            Conversion conversion) {
        String what = "input " + input;
        return stated.coding() instanceof TextCoding text
                ? text(
                        what,
                        column,
                        text.with(conversion.vocabularies().getOrDefault(input, List.of())),
                        declared,
                        sequences)
                : image(what, column, stated, declared, conversion);
    }

    private static Field image(String what, FeedColumn column, TypeText stated, Spec declared, Conversion conversion) {
        DataType type = column.field().dataType();
        ImageCoding.Source source = ImageCoding.source(type);
        if (source == null) {
            throw new IllegalArgumentException(
                    "%s: column \"%s\" is of type %s; images are binary (files), string (their paths), or the struct of Spark's data source image"
                            .formatted(what, column.name(), type.catalogString()));
        }
        List<Long> shape = stated.shape() != null ? stated.shape() : declared == null ? null : FieldType.rest(declared);
        if (shape == null) {
            throw new IllegalArgumentException(
                    "%s: column \"%s\" holds images, whose size in the network is not known; state it with inputTypes, such as image[3,224,224]"
                            .formatted(what, column.name()));
        }
        ImageCoding.Size size = ImageCoding.Size.of(shape);
        if (size == null) {
            throw new IllegalArgumentException(
                    "%s: column \"%s\" holds images, but a row has shape %s; expected [channels,height,width] or [height,width,channels] with 1 or 3 channels, or [height,width]"
                            .formatted(what, column.name(), shape));
        }
        if (declared != null && declared.dtype() != DType.FLOAT32 && declared.dtype() != DType.UINT8) {
            throw new IllegalArgumentException(
                    "%s: is %s, images can be read as float32 or uint8".formatted(what, declared.dtype()));
        }
        ImageCoding coding = new ImageCoding(source, size, conversion.imageFit(), conversion.imageTransforms(), null);
        return new Field(what, List.of(column.name()), List.of(type), DType.UINT8, shape, null, null, coding);
    }

    private static Field text(
            String what, FeedColumn column, TextCoding text, Spec declared, FieldType.Sequences sequences) {
        DataType type = column.field().dataType();
        DataType element = type instanceof ArrayType a ? a.elementType() : type;
        boolean words = text.unit() != TextCoding.Unit.WHOLE;
        if (!(element instanceof StringType)
                && (words || !Numbers.isWhole(element) && !(element instanceof BooleanType))) {
            throw new IllegalArgumentException("%s: column \"%s\" is of type %s; expected %s, or an array of these"
                    .formatted(
                            what, column.name(), type.catalogString(), words ? "string" : "string or a whole number"));
        }
        DType dtype = declared == null ? DType.INT32 : declared.dtype();
        if (dtype != DType.INT32 && dtype != DType.INT64) {
            throw new IllegalArgumentException(
                    "%s: is %s, but ids of texts are whole numbers; declare int32 or int64".formatted(what, dtype));
        }
        boolean sequence = words || type instanceof ArrayType;
        List<Long> shape = declared == null ? sequence ? List.of(Shape.UNKNOWN) : List.of() : FieldType.rest(declared);
        boolean fits = sequence ? shape.size() == 1 : shape.stream().allMatch(d -> d == 1);
        if (!fits) {
            throw new IllegalArgumentException("%s: column \"%s\" gives %s, the network takes rows of shape %s"
                    .formatted(what, column.name(), sequence ? "sequences of ids" : "an id per row", shape));
        }
        Field.Lengths lengths = null;
        if (sequence) {
            long size = shape.get(0);
            List<Integer> buckets = size == Shape.UNKNOWN ? sequences.buckets() : List.of((int) size);
            lengths = new Field.Lengths(sequences.maxLength(), buckets, false);
            if (size == Shape.UNKNOWN && declared == null && buckets.size() == 1) {
                shape = List.of(buckets.get(0).longValue());
            }
        }
        return new Field(what, List.of(column.name()), List.of(type), dtype, shape, lengths, null, text);
    }
}
