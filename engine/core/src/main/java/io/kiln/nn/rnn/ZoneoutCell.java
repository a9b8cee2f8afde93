package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Where;
import io.kiln.op.nn.Neural;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Zoneout (Krueger et al. 2017): in train mode each element of output and states keeps, with a given probability, the
 * value of the previous step; in predict mode nothing changes. If outputs are zoned out, the last output is an
 * additional state, after those of the base cell; before the first step it is 0.
 */
public final class ZoneoutCell extends ModifierCell {
    private final double outputRate;
    private final double stateRate;

    /**
     * Creates a cell.
     *
     * @param base the cell
     * @param outputRate probability that an element of the output is kept, in [0, 1)
     * @param stateRate probability that an element of a state is kept, in [0, 1)
     */
    public ZoneoutCell(RecurrentCell base, double outputRate, double stateRate) {
        super(base);
        this.outputRate = rate("zoneoutCell", "outputRate", outputRate);
        this.stateRate = rate("zoneoutCell", "stateRate", stateRate);
    }

    @Override
    public List<Shape> stateShapes(Shape x) {
        List<Shape> shapes = new ArrayList<>(base.stateShapes(x));
        if (outputRate > 0) {
            shapes.add(base.outputShape(x));
        }
        return shapes;
    }

    @Override
    protected NDArray[] step(NDArray x, NDArray... states) {
        int own = outputRate > 0 ? states.length - 1 : states.length;
        NDArray[] next = base.callAll(join(x, Arrays.copyOf(states, own)));
        for (int i = 0; stateRate > 0 && i < own; i++) {
            next[1 + i] = stay(stateRate, next[1 + i], states[i]);
        }
        if (outputRate == 0) {
            return next;
        }
        NDArray[] all = Arrays.copyOf(next, states.length + 1);
        all[0] = stay(outputRate, next[0], states[own]);
        all[own + 1] = all[0];
        return all;
    }

    private static NDArray stay(double rate, NDArray next, NDArray old) {
        NDArray mask = Neural.dropout(States.ones(next), rate);
        return Dispatch.one(new Where(), mask, next, old);
    }
}
