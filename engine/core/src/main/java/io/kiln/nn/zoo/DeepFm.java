package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import java.util.List;

/**
 * A factorisation machine and a perceptron over the same embeddings:
 * \(y = b + \sum_f w_f + \sum_{f \lt g} v_f \cdot v_g + \mathrm{MLP}(v_1, \dots, v_F)\). H. Guo, R. Tang, Y. Ye, Z. Li, X. He: DeepFM, IJCAI
 * 2017. Input: indices[N,F]; output: scores[N,1] (logits).
 */
public final class DeepFm extends Block {
    private final Fields first;
    private final Fields vectors;
    private final Sequential hidden;
    private final Dense output;

    /**
     * Creates a network.
     *
     * @param counts number of values of each field
     * @param dimension length of an embedding
     * @param widths units of the hidden layers
     */
    public DeepFm(List<Long> counts, long dimension, long... widths) {
        Fields.check("deepFm", counts, dimension);
        first = addChild("first_order", new Fields(1, counts));
        vectors = addChild("vectors", new Fields(dimension, counts));
        hidden = addChild("hidden", Layers.perceptron(false, widths));
        output = addChild("output", new Dense(1));
    }

    @Override
    public NDArray forward(NDArray x) {
        NDArray[] v = vectors.callAll(x);
        NDArray y = output.call(hidden.call(Movement.concat(1, v)));
        for (NDArray w : first.callAll(x)) {
            y = y.add(w);
        }
        return y.add(pairs(v));
    }

    /** The sum over all pairs of fields, by (Σv)² − Σv². */
    private static NDArray pairs(NDArray... v) {
        NDArray sum = v[0];
        NDArray squares = v[0].square();
        for (int i = 1; i < v.length; i++) {
            sum = sum.add(v[i]);
            squares = squares.add(v[i].square());
        }
        return Reductions.sum(sum.square().sub(squares), true, 1).mul(0.5);
    }
}
