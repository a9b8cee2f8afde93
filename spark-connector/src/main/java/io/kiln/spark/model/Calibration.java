package io.kiln.spark.model;

import io.kiln.graph.Graph;
import io.kiln.ndarray.Spec;
import io.kiln.op.math.MulScalar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Temperature scaling of a classifier: scores z become z / T, with the T that makes held-out labels most probable. The
 * order of classes stays, so predictions do not change. C. Guo et al., ICML 2017.
 */
public final class Calibration {
    private static final String NODE = "calibration:scale";
    private static final int GRID = 41;
    private static final double LOWEST = 0.02;
    private static final double HIGHEST = 50;
    private static final double LEAST = 1e-30;

    private Calibration() {}

    /**
     * Finds the temperature, in two passes over the rows.
     *
     * @param rows probabilities (a vector), label and weight of each row
     * @return T, between 0.02 and 50, within 2 %
     * @throws IllegalArgumentException if there are no rows, a label is no class, or a probability is NaN
     */
    public static double temperature(Dataset<Row> rows) {
        double[] coarse = grid(LOWEST, HIGHEST);
        int best = best(losses(rows, coarse));
        double[] fine = grid(coarse[Math.max(0, best - 1)], coarse[Math.min(GRID - 1, best + 1)]);
        double[] last = losses(rows, fine);
        if (!Double.isFinite(last[best(last)])) {
            throw new IllegalArgumentException(
                    "calibrate: the labels' likelihood is not finite: probabilities are NaN; leave out rows that cannot be predicted");
        }
        return fine[best(last)];
    }

    private static double[] grid(double from, double to) {
        double[] all = new double[GRID];
        Arrays.setAll(all, i -> from * Math.pow(to / from, (double) i / (GRID - 1)));
        return all;
    }

    private static int best(double... losses) {
        int best = 0;
        for (int i = 1; i < losses.length; i++) {
            best = losses[i] < losses[best] ? i : best;
        }
        return best;
    }

    /** The sum of negative log-likelihoods with each temperature. */
    private static double[] losses(Dataset<Row> rows, double... temperatures) {
        List<double[]> sums =
                rows.toJavaRDD().mapPartitions(part -> sums(part, temperatures)).collect();
        double[] all = new double[temperatures.length + 1];
        for (double[] sum : sums) {
            for (int i = 0; i < all.length; i++) {
                all[i] += sum[i];
            }
        }
        if (!(all[temperatures.length] > 0)) {
            throw new IllegalArgumentException(
                    "calibrate: the DataFrame has no rows with a label and a weight above 0; give it validation rows");
        }
        return Arrays.copyOf(all, temperatures.length);
    }

    private static Iterator<double[]> sums(Iterator<Row> rows, double... temperatures) {
        double[] sum = new double[temperatures.length + 1];
        while (rows.hasNext()) {
            Row row = rows.next();
            double[] p = row.<Vector>getAs(0).toArray();
            double label = row.isNullAt(1) ? Double.NaN : row.getDouble(1);
            if (!(label >= 0 && label < p.length && label == Math.rint(label))) {
                throw new IllegalArgumentException(
                        "calibrate: labels must be classes from 0 to %d, got %s".formatted(p.length - 1, label));
            }
            double weight = row.getDouble(2);
            for (int i = 0; i < temperatures.length; i++) {
                double whole = 0;
                for (double x : p) {
                    whole += Math.pow(Math.max(x, LEAST), 1 / temperatures[i]);
                }
                double own = Math.log(Math.max(p[(int) label], LEAST)) / temperatures[i];
                sum[i] += weight * (Math.log(whole) - own);
            }
            sum[temperatures.length] += weight;
        }
        return List.of(sum).iterator();
    }

    /**
     * Divides a network's scores by a temperature.
     *
     * @param network the network, of one output
     * @param temperature T
     * @return the network with another node, or with another factor in the node of an earlier calibration
     */
    public static TrainedNetwork scaled(TrainedNetwork network, double temperature) {
        Graph g = Graph.fromJson(network.graphJson());
        Graph.Ref out = g.outputs().get(0);
        List<Graph.Node> nodes = new ArrayList<>(g.nodes());
        int last = nodes.size() - 1;
        if (nodes.get(last).name().equals(NODE) && nodes.get(last).operator() instanceof MulScalar before) {
            Graph.Node n = nodes.get(last);
            nodes.set(last, new Graph.Node(NODE, new MulScalar(before.c() / temperature), n.inputs(), n.outputs()));
        } else {
            Spec spec = g.spec(out);
            nodes.add(new Graph.Node(NODE, new MulScalar(1 / temperature), List.of(out), List.of(spec)));
            out = new Graph.Ref(g.variableCount() + last + 1, 0);
        }
        Graph scaled = new Graph(
                g.inputs(), g.parameters(), nodes, List.of(out), g.updates(), g.attributes(), g.outputNames());
        return new TrainedNetwork(scaled.toJson(), network.weightChunks(), network.inputScale());
    }
}
