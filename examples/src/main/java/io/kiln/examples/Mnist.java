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
 * Handwritten digits: images of 28×28 pixels with their labels. The examples' jar contains 8,000 for training and 2,000
 * for testing; see {@code examples/data/mnist/README.md} for their origin.
 */
public final class Mnist {
    /** Height and width of an image. */
    public static final int SIDE = 28;
    /** Pixels of an image. */
    public static final int PIXELS = SIDE * SIDE;
    /** The number of classes. */
    public static final int CLASSES = 10;

    private final byte[][] images;
    private final byte[] labels;

    private Mnist(byte[][] images, byte[] labels) {
        this.images = images;
        this.labels = labels;
    }

    /** The two parts of the data. */
    public enum Part {
        /** For training. */
        TRAIN("train"),
        /** For testing. */
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
     * Reads the digits from the jar.
     *
     * @param part which part
     * @return the digits
     * @throws IOException if a file is missing or damaged
     */
    public static Mnist bundled(Part part) throws IOException {
        return read(part, name -> {
            InputStream in = Mnist.class.getResourceAsStream("mnist/" + name);
            if (in == null) {
                throw new FileNotFoundException(
                        "mnist/" + name + ": not on the class path of " + Mnist.class.getName());
            }
            return in;
        });
    }

    /**
     * Reads the digits from a folder with the four files of the MNIST database, compressed with gzip.
     *
     * @param folder the folder
     * @param part which part
     * @return the digits
     * @throws IOException if a file is missing or damaged
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

    /** Opens a file by name. */
    private interface Source {
        InputStream open(String name) throws IOException;
    }

    /**
     * The number of digits.
     *
     * @return the number of digits
     */
    public int size() {
        return labels.length;
    }

    /**
     * The label of a digit.
     *
     * @param row the digit's index, from 0
     * @return 0 to 9
     */
    public int label(int row) {
        return labels[row];
    }

    /**
     * The image of a digit.
     *
     * @param row the digit's index, from 0
     * @return its 784 pixels row by row, 0 (paper) to 1 (ink)
     */
    public float[] pixels(int row) {
        return scaled(images[row]);
    }

    /**
     * The first digits.
     *
     * @param count how many; all digits if there are fewer
     * @return these digits
     */
    public Mnist first(int count) {
        int n = Math.min(count, size());
        return new Mnist(Arrays.copyOf(images, n), Arrays.copyOf(labels, n));
    }

    /**
     * The digits as a DataFrame with the columns {@code features} (array of 784 floats, 0 to 1) and {@code label}
     * (double).
     *
     * @param spark the session
     * @param partitions number of partitions
     * @return the DataFrame, with rows in file order
     */
    public Dataset<Row> toDataFrame(SparkSession spark, int partitions) {
        JavaRDD<Digit> digits = rdd(JavaSparkContext.fromSparkContext(spark.sparkContext()), partitions);
        return spark.createDataset(digits.rdd(), Encoders.bean(Digit.class)).toDF();
    }

    /**
     * The digits as an RDD.
     *
     * @param context the Spark context
     * @param partitions number of partitions
     * @return the RDD, with digits in file order
     */
    public JavaRDD<Digit> rdd(JavaSparkContext context, int partitions) {
        List<Raw> raw = new ArrayList<>(size());
        for (int i = 0; i < size(); i++) {
            raw.add(new Raw(images[i], labels[i]));
        }
        // Send bytes to the executors: floats would take four times as much.
        return context.parallelize(raw, partitions).map(r -> new Digit(scaled(r.image), r.label));
    }

    private static float[] scaled(byte[] image) {
        float[] pixels = new float[image.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (image[i] & 0xff) / 255f;
        }
        return pixels;
    }

    /** A digit as stored in the file. */
    private record Raw(byte[] image, byte label) implements Serializable {}

    /** A digit with its label, as a bean for Spark's encoders. */
    public static final class Digit implements Serializable {
        private static final long serialVersionUID = 1;

        private float[] features;
        private double label;

        /** Creates an empty bean, to be filled by Spark. */
        public Digit() {}

        /**
         * Creates a digit.
         *
         * @param features its 784 pixels, 0 to 1
         * @param label 0 to 9
         */
        public Digit(float[] features, double label) {
            this.features = features;
            this.label = label;
        }

        /**
         * Returns the pixels.
         *
         * @return 784 numbers from 0 to 1
         */
        public float[] getFeatures() {
            return features;
        }

        /**
         * Sets the pixels.
         *
         * @param features 784 numbers from 0 to 1
         */
        public void setFeatures(float[] features) {
            this.features = features;
        }

        /**
         * Returns the label.
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
