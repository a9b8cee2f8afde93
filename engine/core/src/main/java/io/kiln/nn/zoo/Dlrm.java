package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Sequential;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.List;

/**
 * Deep learning recommendation model: a perceptron on the numbers gives one more vector besides the embeddings; the
 * products of all pairs of vectors and that vector go into a second perceptron. M. Naumov et al.: Deep learning
 * recommendation model for personalization and recommendation systems, 2019. Inputs: numbers[N,D] and indices[N,F];
 * output: scores[N,1] (logits).
 */
public final class Dlrm extends Block {
    private final Fields vectors;
    private final Sequential bottom;
    private final Sequential top;

    /**
     * Creates a network.
     *
     * @param counts number of values of each categorical field
     * @param dimension length of a vector, and so the last width of the bottom perceptron
     * @param bottom units of the bottom perceptron before its last layer
     * @param top units of the hidden layers of the top perceptron
     */
    public Dlrm(List<Long> counts, long dimension, List<Long> bottom, List<Long> top) {
        Fields.check("dlrm", counts, dimension);
        vectors = addChild("vectors", new Fields(dimension, counts));
        this.bottom = addChild("bottom", Layers.perceptron(false, with(bottom, dimension)));
        this.top = addChild("top", Layers.perceptron(true, with(top, 1)));
    }

    private static long[] with(List<Long> widths, long last) {
        long[] all = new long[widths.size() + 1];
        for (int i = 0; i < widths.size(); i++) {
            all[i] = widths.get(i);
        }
        all[widths.size()] = last;
        return all;
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new IllegalArgumentException("dlrm: takes numbers[N,D] and indices[N,F]; call forwardAll");
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        Fields.checkTwo("dlrm", inputs);
        List<NDArray> v = new ArrayList<>();
        v.add(bottom.call(inputs[0]));
        v.addAll(List.of(vectors.callAll(inputs[1])));
        List<NDArray> features = new ArrayList<>();
        features.add(v.get(0));
        for (int i = 1; i < v.size(); i++) {
            for (int k = 0; k < i; k++) {
                features.add(Reductions.sum(v.get(i).mul(v.get(k)), true, 1));
            }
        }
        return new NDArray[] {top.call(Movement.concat(1, features.toArray(NDArray[]::new)))};
    }

    @Override
    public List<String> inputNames() {
        return List.of("numbers", "indices");
    }
}
