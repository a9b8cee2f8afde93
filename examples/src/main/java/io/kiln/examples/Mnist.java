package io.kiln.examples;

import io.kiln.data.file.IdxFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Handwritten digits: images of 28×28 pixels with their labels. 8,000 to train on and 2,000 to test with travel in the jar
 * of the examples; {@code examples/data/mnist/README.md} says where they come from.
 */
public final class Mnist {
    /** Height and width of an image. */
    public static final int SIDE = 28;
    /** Pixels of an image. */
    public static final int PIXELS = SIDE * SIDE;
    /** Different labels. */
    public static final int CLASSES = 10;

    private final byte[][] images;
    private final byte[] labels;

    private Mnist(byte[][] images, byte[] labels) {
        this.images = images;
        this.labels = labels;
    }

    /** The two parts of the data. */
    public enum Part {
        /** To train on. */
        TRAIN("train"),
        /** To test with. */
        TEST("test");

        private final String prefix;

        Part(String prefix) {
            this.prefix = prefix;
        }

        private String file(boolean images) {
            return prefix + (images ? "-images-idx3-ubyte.gz" : "-labels-idx1-ubyte.gz");
        }
    }

    /**
     * The digits that travel in the jar.
     *
     * @param part which of them
     * @return the digits
     * @throws IOException when a file is missing or damaged
     */
    public static Mnist bundled(Part part) throws IOException {
        return read(part, name -> {
            InputStream in = Mnist.class.getResourceAsStream("mnist/" + name);
            if (in == null) {
                throw new FileNotFoundException(
                        "mnist/" + name + ": not on the class path beside " + Mnist.class.getName());
            }
            return in;
        });
    }

    /**
     * The digits of a folder that holds the four files of the MNIST database, compressed with gzip.
     *
     * @param folder of the files
     * @param part which of them
     * @return the digits
     * @throws IOException when a file is missing or damaged
     */
    public static Mnist read(Path folder, Part part) throws IOException {
        return read(part, name -> Files.newInputStream(folder.resolve(name)));
    }

    private static Mnist read(Part part, Source source) throws IOException {
        IdxFile images = read(source, part.file(true), 3);
        IdxFile labels = read(source, part.file(false), 1);
        int count = images.sizes()[0];
        if (images.sizes()[1] != SIDE || images.sizes()[2] != SIDE) {
            throw new IOException("%s: expected images of %d×%d pixels, found sizes %s"
                    .formatted(part.file(true), SIDE, SIDE, Arrays.toString(images.sizes())));
        }
        if (labels.sizes()[0] != count) {
            throw new IOException("%s: expected %d labels, one per image, found %d"
                    .formatted(part.file(false), count, labels.sizes()[0]));
        }
        byte[][] rows = new byte[count][];
        for (int i = 0; i < count; i++) {
            rows[i] = Arrays.copyOfRange(images.elements(), i * PIXELS, (i + 1) * PIXELS);
            int label = labels.elements()[i] & 0xff;
            if (label >= CLASSES) {
                throw new IOException("%s: expected labels 0 to %d, found %d at row %d"
                        .formatted(part.file(false), CLASSES - 1, label, i));
            }
        }
        return new Mnist(rows, labels.elements());
    }

    private static IdxFile read(Source source, String name, int axes) throws IOException {
        try (InputStream in = source.open(name)) {
            return IdxFile.read(name, in, axes);
        }
    }

    /** Opens a file by its name. */
    private interface Source {
        InputStream open(String name) throws IOException;
    }

    /**
     * The number of digits.
     *
     * @return how many
     */
    public int size() {
        return labels.length;
    }

    /**
     * The label of a digit.
     *
     * @param row which, from 0
     * @return 0 to 9
     */
    public int label(int row) {
        return labels[row];
    }

    /**
     * The image of a digit.
     *
     * @param row which, from 0
     * @return its 784 pixels row by row, 0 (paper) to 1 (ink)
     */
    public float[] pixels(int row) {
        return scaled(images[row]);
    }

    /**
     * The first digits.
     *
     * @param count how many; all of them when there are fewer
     * @return these digits
     */
    public Mnist first(int count) {
        int n = Math.min(count, size());
        return new Mnist(Arrays.copyOf(images, n), Arrays.copyOf(labels, n));
    }

    /**
     * The digits as a DataFrame with the columns {@code features} (array of 784 floats, 0 to 1) and {@code label} (double).
     *
     * @param spark where to make it
     * @param partitions into how many partitions the rows go
     * @return the DataFrame, rows in the order of the file
     */
    public Dataset<Row> toDataFrame(SparkSession spark, int partitions) {
        JavaRDD<Digit> digits = rdd(JavaSparkContext.fromSparkContext(spark.sparkContext()), partitions);
        return spark.createDataset(digits.rdd(), Encoders.bean(Digit.class)).toDF();
    }

    /**
     * The digits as an RDD.
     *
     * @param context where to make it
     * @param partitions into how many partitions the digits go
     * @return the RDD, digits in the order of the file
     */
    public JavaRDD<Digit> rdd(JavaSparkContext context, int partitions) {
        List<Raw> raw = new ArrayList<>(size());
        for (int i = 0; i < size(); i++) {
            raw.add(new Raw(images[i], labels[i]));
        }
        // Bytes travel to the executors, a quarter of what floats would be.
        return context.parallelize(raw, partitions).map(r -> new Digit(scaled(r.image), r.label));
    }

    private static float[] scaled(byte[] image) {
        float[] pixels = new float[image.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (image[i] & 0xff) / 255f;
        }
        return pixels;
    }

    /** A digit as the file has it. */
    private record Raw(byte[] image, byte label) implements Serializable {}

    /** A digit with its label, a bean as Spark's encoders want it. */
    public static final class Digit implements Serializable {
        private static final long serialVersionUID = 1;

        private float[] features;
        private double label;

        /** An empty bean, for Spark to fill. */
        public Digit() {}

        /**
         * A digit.
         *
         * @param features its 784 pixels, 0 to 1
         * @param label 0 to 9
         */
        public Digit(float[] features, double label) {
            this.features = features;
            this.label = label;
        }

        /**
         * The pixels.
         *
         * @return 784 of them, 0 to 1
         */
        public float[] getFeatures() {
            return features;
        }

        /**
         * Sets the pixels.
         *
         * @param features 784 of them, 0 to 1
         */
        public void setFeatures(float[] features) {
            this.features = features;
        }

        /**
         * The label.
         *
         * @return 0 to 9
         */
        public double getLabel() {
            return label;
        }

        /**
         * Sets the label.
         *
         * @param label 0 to 9
         */
        public void setLabel(double label) {
            this.label = label;
        }
    }
}
