package io.kiln.view;

import io.kiln.ndarray.NDArray;
import io.kiln.observe.Call;
import io.kiln.observe.Observer;
import java.util.ArrayList;
import java.util.List;

/**
 * Stops at the first operator that returns NaN or infinity, forward or backward. The message says whether the operator
 * made it from finite inputs or only passed it on.
 *
 * <pre>{@code
 * try (Observation o = Observation.open(new NonFiniteDetector())) {
 *     trainOneStep();
 * }
 * }</pre>
 *
 * <p>Reads every result once.
 */
public final class NonFiniteDetector implements Observer {
    private final boolean infinities;

    /** Creates a detector of NaN and infinities. */
    public NonFiniteDetector() {
        this(true);
    }

    /**
     * Creates a detector.
     *
     * @param infinities false to detect NaN only, for networks that mask with minus infinity
     */
    public NonFiniteDetector(boolean infinities) {
        this.infinities = infinities;
    }

    @Override
    public void ran(Call call) {
        for (int i = 0; i < call.outputs().length; i++) {
            if (!isGood(call.outputs()[i])) {
                throw new NonFiniteException(message(call, i));
            }
        }
    }

    private boolean isGood(NDArray x) {
        if (!x.dtype().isFloating()) {
            return true;
        }
        for (double v : x.toDoubleArray()) {
            if (Double.isNaN(v) || infinities && Double.isInfinite(v)) {
                return false;
            }
        }
        return true;
    }

    private String message(Call call, int output) {
        List<String> inputs = new ArrayList<>();
        boolean made = true;
        for (int i = 0; i < call.inputs().length; i++) {
            NDArray x = call.inputs()[i];
            if (x.dtype().isFloating()) {
                Statistics s = Statistics.of(x);
                made &= s.nans() == 0 && (!infinities || s.infinities() == 0);
                inputs.add("input " + i + " " + s);
            } else {
                inputs.add("input " + i + " " + x.spec());
            }
        }
        return call.place() + (call.phase() == Call.Phase.BACKWARD ? " (backward)" : "") + ": "
                + call.operator().name() + (made ? " made" : " was given and passed on") + " NaN or infinity: output "
                + output + " " + Statistics.of(call.outputs()[output]) + "; " + String.join("; ", inputs)
                + (made
                        ? "; look at these ranges, lower the learning rate or scale the data"
                        : "; look at the data and parameters that the network was given");
    }
}
