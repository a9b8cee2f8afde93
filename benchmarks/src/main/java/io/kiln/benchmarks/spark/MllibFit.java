package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Block;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.examples.Mnist;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ml.classification.MultilayerPerceptronClassificationModel;
import org.apache.spark.ml.classification.MultilayerPerceptronClassifier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * MLlib's MultilayerPerceptronClassifier: the time of the shortest fit that reaches the target accuracy, looked for with
 * more and more iterations. The case is the target. A solver that never reaches it counts with the time of its longest
 * fit: one that took longer than {@link #CAP_SECONDS} or left nothing to learn.
 */
public final class MllibFit implements Contender {

    /** No fit is begun after one that took longer. */
    public static final double CAP_SECONDS = 100;

    /** Training loss at which more iterations change nothing. */
    private static final double LEARNT = 1e-4;

    private static final int[] LAYERS = {784, 512, 256, 10};
    private static final double GROWTH = 1.35;

    private final String solver;
    private final double stepSize;
    private final int blockSize;
    private final int firstIterations;
    private final List<Fit> fits = new ArrayList<>();
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
    public Facts setup(Setup setup) {
        spark = Sessions.local(setup);
        train = FitData.cached(spark, setup, Mnist.Part.TRAIN);
        test = FitData.cached(spark, setup, Mnist.Part.TEST);
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

    /**
     * A finished fit.
     *
     * @param seconds it took
     * @param accuracy on the test digits
     * @param last true when no longer one is worth its time
     */
    private record Fit(double seconds, double accuracy, boolean last) {}

    @Override
    public Block run(String caseName, int steps) {
        double target = Double.parseDouble(caseName);
        for (int i = 0; ; i++) {
            if (i == fits.size()) {
                fits.add(fit((int) (firstIterations * Math.pow(GROWTH, i))));
            }
            Fit fit = fits.get(i);
            if (fit.accuracy() >= target || fit.last()) {
                return new Block(new double[] {fit.seconds()}, new double[] {fit.accuracy()});
            }
        }
    }

    private Fit fit(int iterations) {
        long begin = System.nanoTime();
        MultilayerPerceptronClassificationModel model = trainer(iterations).fit(train);
        double seconds = (System.nanoTime() - begin) * 1e-9;
        double accuracy = FitData.accuracy(model.transform(test));
        double[] losses = model.summary().objectiveHistory();
        double loss = losses[losses.length - 1];
        System.err.printf(
                Locale.ROOT,
                "%s: %d iterations, %.2f s, loss %.5f, accuracy %.4f%n",
                solver,
                iterations,
                seconds,
                loss,
                accuracy);
        return new Fit(seconds, accuracy, seconds > CAP_SECONDS || loss < LEARNT);
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
