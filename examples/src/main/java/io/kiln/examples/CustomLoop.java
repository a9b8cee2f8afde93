package io.kiln.examples;

import io.kiln.autograd.Autograd;
import io.kiln.format.SafeTensors;
import io.kiln.kvstore.KVStore;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.activation.Activation;
import io.kiln.optim.Adam;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import io.kiln.spark.Kiln;
import io.kiln.spark.WorkerContext;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * A hand-written training loop on the executors, for what the estimators do not offer: each worker trains on its own
 * rows, the store sums the gradients of all workers, and the weights come back to the driver.
 *
 * <p>Workers must make the same calls to the store, so all run the same number of steps, however many rows they have.
 */
public final class CustomLoop {
    private static final int BATCH = 32;

    private CustomLoop() {}

    /**
     * Trains on the bundled digits with two workers, and tests the result.
     *
     * @param args the number of steps; 300 by default
     * @throws IOException if the digits cannot be read
     */
    public static void main(String[] args) throws IOException {
        int steps = args.length > 0 ? Integer.parseInt(args[0]) : 300;
        String master = new SparkConf().get("spark.master", "local[2]");
        try (SparkSession spark = SparkSession.builder()
                .appName("Kiln custom loop")
                .master(master)
                .getOrCreate()) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
            JavaRDD<Mnist.Digit> digits = Mnist.bundled(Mnist.Part.TRAIN).rdd(context, 2);
            byte[] weights = train(digits, 2, steps).get(0);
            double accuracy = accuracy(weights, Mnist.bundled(Mnist.Part.TEST));
            System.out.println(String.format(Locale.ROOT, "accuracy=%.4f after %d steps", accuracy, steps));
        }
    }

    /**
     * Trains a network on several workers.
     *
     * @param digits the rows
     * @param workers number of workers
     * @param steps number of updates
     * @return the final weights of each worker as safetensors; they are all equal
     */
    static List<byte[]> train(JavaRDD<Mnist.Digit> digits, int workers, int steps) {
        return Kiln.run(digits, workers, (context, store) -> work(context, store, steps));
    }

    private static Block network() {
        return new Sequential(new Dense(128, Activation.RELU), new Dense(Mnist.CLASSES));
    }

    /** Runs on each worker. All start with the same weights, because they draw them from the same seed. */
    private static byte[] work(WorkerContext<Mnist.Digit> context, KVStore store, int steps) throws Exception {
        List<Mnist.Digit> rows = new ArrayList<>();
        context.rows().forEach(rows::add);
        Random order = new Random(context.rank());
        try (Block network = network()) {
            network.initialize(42);
            network.inferShapes(Shape.of(-1, Mnist.PIXELS));
            int key = 0;
            for (NDArray weight : network.values().values()) {
                store.init(key++, weight);
            }
            UpdateRule rule = new UpdateRule(new Adam(), 0.002);
            try (Trainer trainer = new Trainer(network.parameters(), rule, gradients -> sum(store, gradients))) {
                for (int step = 0; step < steps; step++) {
                    context.check();
                    try (Scope scope = Scope.open()) {
                        NDArray loss = loss(network, rows, order);
                        Autograd.backward(loss);
                        trainer.step(BATCH * context.workers());
                    }
                }
            }
            return SafeTensors.toBytes(network.values(), Map.of());
        }
    }

    /** The sum of the losses of a random batch. */
    private static NDArray loss(Block network, List<Mnist.Digit> rows, Random order) {
        float[] pixels = new float[BATCH * Mnist.PIXELS];
        int[] labels = new int[BATCH];
        for (int i = 0; i < BATCH; i++) {
            Mnist.Digit digit = rows.get(order.nextInt(rows.size()));
            System.arraycopy(digit.getFeatures(), 0, pixels, i * Mnist.PIXELS, Mnist.PIXELS);
            labels[i] = (int) digit.getLabel();
        }
        NDArray x = NDArray.of(Shape.of(BATCH, Mnist.PIXELS), pixels);
        NDArray y = NDArray.of(Shape.of(BATCH), labels);
        try (Autograd.Mode record = Autograd.record()) {
            return new SoftmaxCrossEntropy().compute(network.call(x), y).sum();
        }
    }

    /**
     * Replaces each gradient by its sum over all workers: the store has no optimizer, so a push replaces what it holds.
     */
    private static void sum(KVStore store, List<NDArray> gradients) {
        for (int key = 0; key < gradients.size(); key++) {
            store.pushPull(key, gradients.get(key));
        }
    }

    /**
     * The share of digits that a trained network classifies correctly.
     *
     * @param weights the result of {@link #train}
     * @param digits the test set
     * @return a number from 0 to 1
     */
    static double accuracy(byte[] weights, Mnist digits) throws IOException {
        float[] pixels = new float[digits.size() * Mnist.PIXELS];
        for (int i = 0; i < digits.size(); i++) {
            System.arraycopy(digits.pixels(i), 0, pixels, i * Mnist.PIXELS, Mnist.PIXELS);
        }
        try (Scope scope = Scope.open();
                Block network = network()) {
            network.load(SafeTensors.read(weights).tensors());
            NDArray scores = network.call(NDArray.of(Shape.of(digits.size(), Mnist.PIXELS), pixels));
            int[] predicted = scores.argMax(1).cast(DType.INT32).toIntArray();
            int right = 0;
            for (int i = 0; i < predicted.length; i++) {
                right += predicted[i] == digits.label(i) ? 1 : 0;
            }
            return (double) right / predicted.length;
        }
    }
}
