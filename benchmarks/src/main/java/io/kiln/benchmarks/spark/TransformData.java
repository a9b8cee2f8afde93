package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.MiniLm;
import io.kiln.benchmarks.net.Network;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A network that is applied to a cached DataFrame with one column, {@code x}; the same rows and weights for every engine. */
public enum TransformData {
    /** {@link Network#MLP}, on arrays of 784 floats. */
    MLP(40_000, 1_000, 784, Network.MLP::parameters),
    /** {@link Network#RESNET18}, on arrays of 3·32·32 floats. */
    RESNET18(512, 64, 3 * 32 * 32, Network.RESNET18::parameters),
    /** {@link MiniLm}, on arrays of 128 numbers of words. */
    MINILM(256, 32, MiniLm.LENGTH, MiniLm::parameters);

    /** What contenders make of the column {@code y} of outputs: small if and only if the outputs are. */
    public static final String CHECK = "sum(abs(y[0]) + abs(element_at(y, -1)))";

    private final int rows;
    private final int batch;
    private final int width;
    private final Supplier<List<Network.Parameter>> parameters;

    TransformData(int rows, int batch, int width, Supplier<List<Network.Parameter>> parameters) {
        this.rows = rows;
        this.batch = batch;
        this.width = width;
        this.parameters = parameters;
    }

    /** Rows of the DataFrame. */
    public int rows() {
        return rows;
    }

    /** Rows that engines are given at once. */
    public int batch() {
        return batch;
    }

    /** Elements of a row. */
    public int width() {
        return width;
    }

    /** Parameters of the network, in the order of its layers. */
    public List<Network.Parameter> parameters() {
        return parameters.get();
    }

    /** How many numbers were trained. */
    public long parameterCount() {
        return parameters().stream().mapToLong(p -> p.values().length).sum();
    }

    /** The column {@code x} as SQL over {@code id}. */
    public String column() {
        return this == MINILM
                ? "transform(sequence(0, 127), i -> cast((id * 131 + i * 977 + id * i * 7) % 30522 as int)) as x"
                : "transform(sequence(0, " + (width - 1)
                        + "), i -> cast(((id * 31 + i * 17 + id * i) % 256) / 255 as float)) as x";
    }

    /** Makes the DataFrame, one partition per thread, and reads it into the cache. */
    public Dataset<Row> cached(SparkSession spark, Setup setup) {
        Dataset<Row> frame =
                spark.range(0, rows, 1, setup.threads()).selectExpr(column()).cache();
        if (frame.count() != rows) {
            throw new IllegalStateException("transform: expected " + rows + " rows, cached " + frame.count());
        }
        return frame;
    }
}
