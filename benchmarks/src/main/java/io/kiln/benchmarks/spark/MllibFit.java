package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Block;
import io.kiln.benchmarks.Check;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import java.io.IOException;
import org.apache.spark.ml.classification.MultilayerPerceptronClassifier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * MLlib's MultilayerPerceptronClassifier: the time of the shortest fit that reaches the target accuracy, looked for with
 * more and more iterations. A solver that never reaches it counts with the time of its longest fit, which is at least
 * {@link #CAP_SECONDS}.
 */
public final class MllibFit implements Contender {

    /** No fit is begun after one that took longer. */
    public static final double CAP_SECONDS = 100;

    private static final int[] LAYERS = {784, 512, 256, 10};
    private static final double GROWTH = 1.5;

    private final String solver;
    private final double stepSize;
    private final int blockSize;
    private final int firstIterations;
    private SparkSession spark;
    private Dataset<Row> train;
    private Dataset<Row> test;

    /**
     * With that solver.
     *
     * @param solver {@code l-bfgs} or {@code gd}
     * @param stepSize used by {@code gd} only
     * @param blockSize rows that are stacked for one matrix product
     * @param firstIterations of the first fit of the search
     */
    public MllibFit(String solver, double stepSize, int blockSize, int firstIterations) {
        this.solver = solver;
        this.stepSize = stepSize;
        this.blockSize = blockSize;
        this.firstIterations = firstIterations;
    }

    @Override
    public Facts setup(Setup setup) throws IOException {
        spark = Sessions.local(setup);
        train = FitData.cached(spark, setup, "train");
        test = FitData.cached(spark, setup, "test");
        long parameters = trainer(3).fit(train).weights().size();
        return new Facts("Spark " + spark.version() + " MLlib, " + solver + ", blockSize " + blockSize, parameters);
    }

    private MultilayerPerceptronClassifier trainer(int iterations) {
        return new MultilayerPerceptronClassifier()
                .setLayers(LAYERS)
                .setSolver(solver)
                .setStepSize(stepSize)
                .setBlockSize(blockSize)
                .setMaxIter(iterations)
                // Never ends before its iterations: the search decides when it is good enough.
                .setTol(0)
                .setSeed(1);
    }

    @Override
    public Block run(String caseName, int steps) {
        double iterations = firstIterations;
        while (true) {
            long begin = System.nanoTime();
            var model = trainer((int) iterations).fit(train);
            double seconds = (System.nanoTime() - begin) * 1e-9;
            double accuracy = FitData.accuracy(model.transform(test));
            System.err.printf(
                    "%s: %d iterations, %.2f s, accuracy %.4f%n", solver, (int) iterations, seconds, accuracy);
            if (accuracy >= Check.TARGET || seconds > CAP_SECONDS) {
                return new Block(new double[] {seconds}, new double[] {accuracy});
            }
            iterations *= GROWTH;
        }
    }

    @Override
    public double step(String caseName) {
        return run(caseName, 1).checks()[0];
    }

    @Override
    public void close() {
        if (spark != null) {
            spark.stop();
        }
    }
}
