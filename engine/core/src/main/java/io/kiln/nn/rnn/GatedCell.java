package io.kiln.nn.rnn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Parameter;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A cell that is one step of one of the recurrent operators. */
abstract class GatedCell extends RecurrentCell {
    private final Weights weights;
    private final long size;

    GatedCell(String name, long gates, long hidden, long projection) {
        weights = new Weights(name, gates, hidden, projection, "", this::parameter);
        size = projection > 0 ? projection : hidden;
    }

    private Parameter parameter(String name, Role role) {
        return addParameter(new Parameter(name, role, Initializer.defaultFor(role)));
    }

    /** The operator, with initial states. */
    abstract Operator operator();

    @Override
    public final Shape outputShape(Shape x) {
        return Shape.of(size);
    }

    @Override
    protected final NDArray[] step(NDArray x, NDArray... states) {
        List<NDArray> inputs = new ArrayList<>(weights.with(x.expandDims(0)));
        inputs.addAll(Arrays.asList(states));
        NDArray[] all = Dispatch.run(operator(), inputs.toArray(new NDArray[0]));
        NDArray y = all[0].squeeze(0);
        return states.length == 1 ? new NDArray[] {y, y} : new NDArray[] {y, y, all[1].squeeze(0)};
    }
}
