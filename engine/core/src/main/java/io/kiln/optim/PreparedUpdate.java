package io.kiln.optim;

import io.kiln.backend.Backend;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import java.util.Arrays;

/**
 * The update of one whole parameter, prepared to run in each step.
 *
 * <p>Concurrency: one thread.
 */
final class PreparedUpdate {
    private final NDArray[] inputs;
    private final NDArray[] outputs;
    private final Backend.Prepared program;

    /**
     * Prepares an update.
     *
     * @param optimizer an optimizer whose update {@linkplain #serves is its program alone}
     * @param weight the parameter
     * @param gradient its gradient
     * @param states its states
     */
    PreparedUpdate(Optimizer optimizer, NDArray weight, NDArray gradient, NDArray... states) {
        NDArray[] all = new NDArray[2 + states.length];
        all[0] = weight;
        all[1] = gradient;
        System.arraycopy(states, 0, all, 2, states.length);
        inputs = Arrays.copyOf(all, optimizer.program().inputCount());
        outputs = new NDArray[optimizer.program().outputCount()];
        outputs[0] = weight;
        System.arraycopy(states, 0, outputs, 1, outputs.length - 1);
        program = InPlace.prepare(optimizer.program(), inputs, outputs);
    }

    static boolean serves(Optimizer optimizer) {
        return !(optimizer instanceof LayerwiseOptimizer) && !(optimizer instanceof CompanionOptimizer);
    }

    void run(NDArray weight, NDArray gradient, double... scalars) {
        inputs[0] = weight;
        inputs[1] = gradient;
        outputs[0] = weight;
        program.run(inputs, outputs, scalars);
        InPlace.bumpVersions(outputs);
    }
}
