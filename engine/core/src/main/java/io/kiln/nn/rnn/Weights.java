package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Parameter;
import io.kiln.op.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** The parameters of one direction of one recurrent layer, or of a cell. */
final class Weights {
    private final long rows;
    private final long hidden;
    private final long projection;
    private final Parameter i2hWeight;
    private final Parameter h2hWeight;
    private final Parameter i2hBias;
    private final Parameter h2hBias;
    private final Parameter h2rWeight;

    /**
     * Creates the parameters.
     *
     * @param owner the owner's name in messages
     * @param projection size of the projection; 0 for none
     * @param prefix prefix of the parameters' names
     * @param register creates a parameter of the owner
     */
    Weights(
            String owner,
            long gates,
            long hidden,
            long projection,
            String prefix,
            BiFunction<String, Role, Parameter> register) {
        if (hidden < 1 || projection < 0 || projection > hidden) {
            throw new IllegalArgumentException(owner + ": the hidden size must be >= 1 and the projection from 1 to it,"
                    + " or 0 for none; got " + hidden + " and " + projection);
        }
        this.rows = gates * hidden;
        this.hidden = hidden;
        this.projection = projection;
        i2hWeight = register.apply(prefix + "i2h_weight", Role.WEIGHT);
        h2hWeight = register.apply(prefix + "h2h_weight", Role.WEIGHT);
        i2hBias = register.apply(prefix + "i2h_bias", Role.BIAS);
        h2hBias = register.apply(prefix + "h2h_bias", Role.BIAS);
        h2rWeight = projection > 0 ? register.apply(prefix + "h2r_weight", Role.WEIGHT) : null;
    }

    /** A sequence [T,N,I] followed by the weights, in the form of the recurrent operators' inputs. */
    List<NDArray> with(NDArray x) {
        long size = projection > 0 ? projection : hidden;
        List<NDArray> inputs = new ArrayList<>();
        inputs.add(x);
        inputs.add(i2hWeight.complete(Shape.of(rows, x.shape().dim(-1))).data());
        inputs.add(h2hWeight.complete(Shape.of(rows, size)).data());
        inputs.add(i2hBias.complete(Shape.of(rows)).data());
        inputs.add(h2hBias.complete(Shape.of(rows)).data());
        if (h2rWeight != null) {
            inputs.add(h2rWeight.complete(Shape.of(projection, hidden)).data());
        }
        return inputs;
    }
}
