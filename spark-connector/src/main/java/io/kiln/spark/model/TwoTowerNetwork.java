package io.kiln.spark.model;

import io.kiln.format.SafeTensors;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Block;
import io.kiln.nn.Embedding;
import io.kiln.nn.Functional;
import io.kiln.nn.Merge;
import io.kiln.nn.loss.InBatchSoftmax;
import io.kiln.nn.loss.L2;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** The network of two towers, and the vectors that it learns. */
public final class TwoTowerNetwork {
    private TwoTowerNetwork() {}

    /**
     * Makes the network, with inputs user and item.
     *
     * @param users number of users
     * @param items number of items
     * @param rank length of the vectors
     * @param rated whether it predicts ratings, otherwise both vectors, one behind the other
     * @return the network
     */
    public static Block of(long users, long items, long rank, boolean rated) {
        Functional net = new Functional("user", "item")
                .add("u", new Embedding(users, rank), "user")
                .add("i", new Embedding(items, rank), "item");
        return rated
                ? net.add("match", Merge.dot(), "u", "i")
                        .add("b", new Embedding(users, 1), "user")
                        .add("c", new Embedding(items, 1), "item")
                        .add("rating", Merge.sum(), "match", "b", "c")
                : net.add("pair", Merge.concat(1), "u", "i");
    }

    /**
     * The loss of the network.
     *
     * @param rated whether it predicts ratings
     * @return the loss as text
     */
    public static String loss(boolean rated) {
        return NamedRecord.write(rated ? new L2() : new InBatchSoftmax());
    }

    /**
     * The vectors of a trained network, such that inner products are its predictions.
     *
     * @param network the network
     * @param users ids of the users
     * @param items ids of the items
     * @param rated whether it predicts ratings
     * @return users and items
     */
    public static List<Factors> factors(TrainedNetwork network, Ids users, Ids items, boolean rated) {
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> w = SafeTensors.read(network.weightChunks()).tensors();
            float[] u = w.get("u.weight").toFloatArray();
            float[] i = w.get("i.weight").toFloatArray();
            if (!rated) {
                return List.of(new Factors(users, unit(u, users.size())), new Factors(items, unit(i, items.size())));
            }
            float[] b = w.get("b.weight").toFloatArray();
            float[] c = w.get("c.weight").toFloatArray();
            return List.of(new Factors(users, joined(u, b, true)), new Factors(items, joined(i, c, false)));
        } catch (IOException e) {
            throw new UncheckedIOException("twoTower: weights: " + e.getMessage(), e);
        }
    }

    /** Rows of length 1, as the loss compares them. */
    private static float[] unit(float[] vectors, int rows) {
        int width = vectors.length / rows;
        float[] all = new float[vectors.length];
        for (int r = 0; r < rows; r++) {
            double squares = 0;
            for (int k = 0; k < width; k++) {
                squares += (double) vectors[r * width + k] * vectors[r * width + k];
            }
            for (int k = 0; k < width; k++) {
                all[r * width + k] = (float) (vectors[r * width + k] / Math.sqrt(Math.max(squares, 1e-24)));
            }
        }
        return all;
    }

    /** Vectors with an offset and a 1 behind them, in the order in which the other side has them the other way round. */
    private static float[] joined(float[] vectors, float[] offsets, boolean offsetFirst) {
        int width = vectors.length / offsets.length;
        float[] all = new float[offsets.length * (width + 2)];
        for (int r = 0; r < offsets.length; r++) {
            int at = r * (width + 2);
            System.arraycopy(vectors, r * width, all, at, width);
            all[at + width] = offsetFirst ? offsets[r] : 1;
            all[at + width + 1] = offsetFirst ? 1 : offsets[r];
        }
        return all;
    }
}
