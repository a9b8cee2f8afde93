package io.kiln.spark.feed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.data.vision.Bitmap;
import io.kiln.data.vision.Image;
import io.kiln.data.vision.ImageTransform;
import io.kiln.graph.RecordJson;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/**
 * How images become rows of bytes.
 *
 * @param source what the column holds
 * @param size height, width and channels of a row, and the order of its axes
 * @param fit how an image of another size is brought to it
 * @param transforms what is done to training images in each epoch before that, as JSON: {@code {"name":{attributes}}}
 * @param files opens paths; null if the column holds none
 */
public record ImageCoding(Source source, Size size, Fit fit, List<String> transforms, ColumnFiles files)
        implements Coding {
    private static final Map<String, DataType> STRUCT = Map.of(
            "height", DataTypes.IntegerType,
            "width", DataTypes.IntegerType,
            "nChannels", DataTypes.IntegerType,
            "mode", DataTypes.IntegerType,
            "data", DataTypes.BinaryType);
    private static final int COLOURS = 3;

    /** Makes the list unmodifiable. */
    public ImageCoding {
        transforms = List.copyOf(transforms);
    }

    /** What a column holds. */
    public enum Source {
        /** Decoded images: the struct of Spark's data source {@code image}. */
        STRUCT,
        /** The content of image files. */
        FILE,
        /** Paths of image files. */
        PATH
    }

    /** How an image of another size is brought to the network's. */
    public enum Fit {
        /** Resized until it covers the network's size, and cropped in the middle. */
        CROP,
        /** Resized to the network's size, whatever its proportions. */
        STRETCH;

        /**
         * Returns the constant of a Param's value.
         *
         * @param name {@code crop} or {@code stretch}
         * @return the constant
         */
        public static Fit of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT));
        }
    }

    /**
     * The form of a row.
     *
     * @param height rows of pixels
     * @param width columns of pixels
     * @param channels 1 or 3
     * @param layout the order of the axes
     */
    public record Size(int height, int width, int channels, Image.Layout layout) implements java.io.Serializable {
        /** Reads the shape of a row; null if it is not that of an image. */
        static Size of(List<Long> shape) {
            if (shape.stream().anyMatch(d -> d < 1 || d > Short.MAX_VALUE)) {
                return null;
            }
            int[] d = shape.stream().mapToInt(Long::intValue).toArray();
            if (d.length == 2) {
                return new Size(d[0], d[1], 1, Image.Layout.HWC);
            } else if (d.length == COLOURS && (d[0] == 1 || d[0] == COLOURS)) {
                return new Size(d[1], d[2], d[0], Image.Layout.CHW);
            } else if (d.length == COLOURS && (d[2] == 1 || d[2] == COLOURS)) {
                return new Size(d[0], d[1], d[2], Image.Layout.HWC);
            }
            return null;
        }
    }

    /** What a column of images holds; null if it does not hold any. */
    static Source source(DataType type) {
        if (type instanceof StructType s
                && STRUCT.entrySet().stream()
                        .allMatch(f -> List.of(s.fieldNames()).contains(f.getKey())
                                && s.apply(f.getKey()).dataType().equals(f.getValue()))) {
            return Source.STRUCT;
        }
        return type instanceof BinaryType ? Source.FILE : type instanceof StringType ? Source.PATH : null;
    }

    /**
     * Whether a column can hold images.
     *
     * @param type its type
     * @return true for the struct of Spark's data source {@code image}, binary and string
     */
    public static boolean isImages(DataType type) {
        return source(type) != null;
    }

    /** Whether images are packed as they are, and become rows in each epoch anew. */
    boolean isPerEpoch() {
        return !transforms.isEmpty();
    }

    /** All the transforms, one after another. */
    ImageTransform transform() {
        ImageTransform all = (image, random) -> image;
        for (String t : transforms) {
            all = all.then(read(t));
        }
        return all;
    }

    private static ImageTransform read(String text) {
        try {
            Map.Entry<String, JsonNode> record =
                    new ObjectMapper().readTree(text).properties().iterator().next();
            return RecordJson.read(ImageTransform.class, record.getKey(), record.getValue());
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("imageTransforms: " + text + ": " + e.getOriginalMessage(), e);
        }
    }

    /** The bytes of a row. */
    byte[] row(Bitmap image) {
        Bitmap b = image.withChannels(size.channels());
        b = fit == Fit.CROP ? b.cover(size.height(), size.width()) : b.resize(size.height(), size.width());
        return b.toBytes(size.layout());
    }

    ImageCoding with(ColumnFiles access) {
        return source == Source.PATH ? new ImageCoding(source, size, fit, transforms, access) : this;
    }

    /** {@return the text in fingerprints of checkpoints: everything that determines the rows} */
    @Override
    public String toString() {
        return source + " " + size + " " + fit + " " + transforms;
    }
}
