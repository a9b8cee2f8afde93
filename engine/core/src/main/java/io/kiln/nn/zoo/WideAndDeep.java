package io.kiln.nn.zoo;

import io.kiln.ndarray.NDArray;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.shape.Movement;
import java.util.List;

/**
 * A linear model combined with a perceptron over embeddings. H.-T. Cheng et al.: Wide &amp; deep learning for
 * recommender systems, 2016. Inputs: numbers[N,D] and indices[N,F]; output: scores[N,1] (logits). The wide part weights
 * the numbers and each value of each field; crossed features are separate fields.
 */
public final class WideAndDeep extends Block {
    private final Fields wide;
    private final Dense wideNumbers;
    private final Fields deep;
    private final Sequential hidden;
    private final Dense output;

    /**
     * Creates a network.
     *
     * @param counts number of values of each categorical field
     * @param dimension length of an embedding
     * @param widths units of the hidden layers
     */
    public WideAndDeep(List<Long> counts, long dimension, long... widths) {
        Fields.check("wideAndDeep", counts, dimension);
        wide = addChild("wide", new Fields(1, counts));
        wideNumbers =
                addChild("wide_numbers", Dense.builder().units(1).useBias(false).build());
        deep = addChild("deep", new Fields(dimension, counts));
        hidden = addChild("hidden", Layers.perceptron(false, widths));
        output = addChild("output", new Dense(1));
    }

    @Override
    public NDArray forward(NDArray x) {
        throw new IllegalArgumentException("wideAndDeep: takes numbers[N,D] and indices[N,F]; call forwardAll");
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        Fields.checkTwo("wideAndDeep", inputs);
        NDArray linear = wideNumbers.call(inputs[0]);
        for (NDArray w : wide.callAll(inputs[1])) {
            linear = linear.add(w);
        }
        NDArray[] vectors = deep.callAll(inputs[1]);
        NDArray x = Movement.concat(1, inputs[0], Movement.concat(1, vectors));
        return new NDArray[] {output.call(hidden.call(x)).add(linear)};
    }

    @Override
    public List<String> inputNames() {
        return List.of("numbers", "indices");
    }
}
