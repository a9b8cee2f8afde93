package io.kiln.optim;

import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Gather;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/** Runs optimizers in place: on whole parameters, or on flat slices of them. */
public final class Updates {
    private Updates() {}

    /**
     * Updates a whole parameter and its states in place.
     *
     * @param optimizer the optimizer
     * @param step the numbers of this update
     * @param weight the parameter
     * @param gradient its gradient, of the same shape
     * @param states {@link Optimizer#stateCount()} arrays of the same shape
     */
    public static void run(Optimizer optimizer, Step step, NDArray weight, NDArray gradient, NDArray... states) {
        run(optimizer, step, UnaryOperator.identity(), weight, gradient, states);
    }

    /**
     * Updates one slice of a parameter and of its states in place.
     *
     * @param optimizer the optimizer
     * @param step the numbers of this update
     * @param total asked only by a {@link LayerwiseOptimizer}: takes the sums of squares {of the weight, of the direction}
     *     over this slice and returns those over all slices of the parameter
     * @param weight the slice of the parameter
     * @param gradient the slice of its gradient, of the same shape
     * @param states slices of its {@link Optimizer#stateCount()} states, of the same shape
     */
    public static void run(
            Optimizer optimizer,
            Step step,
            UnaryOperator<double[]> total,
            NDArray weight,
            NDArray gradient,
            NDArray... states) {
        if (states.length != optimizer.stateCount()) {
            throw new IllegalArgumentException(
                    "update: " + optimizer + " needs " + optimizer.stateCount() + " states, got " + states.length);
        }
        if (optimizer instanceof LayerwiseOptimizer layerwise) {
            runInPhases(layerwise, step, total, weight, gradient, states);
        } else if (optimizer instanceof CompanionOptimizer companion) {
            runBeside(companion, step, weight, gradient, states);
        } else {
            run(optimizer.program(), optimizer.scalars(step), weight, weight, gradient, states);
        }
    }

    /**
     * Updates the rows of a parameter and of its states that a gradient has, in place, and leaves all others.
     *
     * @param optimizer an optimizer that {@linkplain Optimizer#updatesLazily updates lazily}
     * @param step the numbers of this update
     * @param weight the parameter, row-major
     * @param gradient its gradient, of the same shape
     * @param states {@link Optimizer#stateCount()} row-major arrays of the same shape
     */
    public static void runLazily(
            Optimizer optimizer, Step step, NDArray weight, RowSparse gradient, NDArray... states) {
        if (!optimizer.updatesLazily() || !weight.shape().equals(gradient.shape())) {
            throw new IllegalArgumentException("update: " + optimizer
                    + (optimizer.updatesLazily() ? "" : " cannot update lazily;" + " use the dense gradient")
                    + ", weight" + weight.shape() + ", gradient " + gradient);
        }
        try (Scope scope = Scope.open()) {
            NDArray[] parts = new NDArray[states.length];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = Dispatch.withoutGradient(new Gather(0), states[i], gradient.indices());
            }
            NDArray part = Dispatch.withoutGradient(new Gather(0), weight, gradient.indices());
            run(optimizer, step, part, gradient.rows(), parts);
            InPlace.putRows(weight, gradient.indices(), part);
            for (int i = 0; i < parts.length; i++) {
                InPlace.putRows(states[i], gradient.indices(), parts[i]);
            }
        }
    }

    private static void runInPhases(
            LayerwiseOptimizer optimizer,
            Step step,
            UnaryOperator<double[]> total,
            NDArray weight,
            NDArray gradient,
            NDArray... states) {
        try (Scope scope = Scope.open()) {
            NDArray direction = weight.newArray(weight.spec());
            run(optimizer.direction(), optimizer.directionScalars(step), direction, weight, gradient, states);
            double ratio = 1;
            if (step.layerwise()) {
                double[] squares = total.apply(new double[] {squares(weight), squares(direction)});
                ratio = optimizer.trustRatio(step, Math.sqrt(squares[0]), Math.sqrt(squares[1]));
            }
            double[] scalars = optimizer.scalars(step);
            double[] withRatio = Arrays.copyOf(scalars, scalars.length + 1);
            withRatio[scalars.length] = ratio;
            run(optimizer.program(), withRatio, weight, weight, direction, states);
        }
    }

    private static void runBeside(
            CompanionOptimizer optimizer, Step step, NDArray weight, NDArray gradient, NDArray... states) {
        try (Scope scope = Scope.open()) {
            NDArray[] companions = optimizer.companions(step, weight, gradient, states);
            NDArray[] inputs = new NDArray[2 + states.length + companions.length];
            inputs[0] = weight;
            inputs[1] = gradient;
            System.arraycopy(states, 0, inputs, 2, states.length);
            System.arraycopy(companions, 0, inputs, 2 + states.length, companions.length);
            run(optimizer.program(), optimizer.scalars(step), inputs, outputs(weight, states));
        }
    }

    private static void run(
            PointwiseProgram program,
            double[] scalars,
            NDArray result,
            NDArray weight,
            NDArray gradient,
            NDArray... states) {
        NDArray[] inputs = new NDArray[2 + states.length];
        inputs[0] = weight;
        inputs[1] = gradient;
        System.arraycopy(states, 0, inputs, 2, states.length);
        run(program, scalars, inputs, outputs(result, states));
    }

    private static NDArray[] outputs(NDArray result, NDArray... states) {
        NDArray[] outputs = new NDArray[1 + states.length];
        outputs[0] = result;
        System.arraycopy(states, 0, outputs, 1, states.length);
        return outputs;
    }

    private static void run(PointwiseProgram program, double[] scalars, NDArray[] inputs, NDArray... outputs) {
        InPlace.run(
                program,
                Arrays.copyOf(inputs, program.inputCount()),
                Arrays.copyOf(outputs, program.outputCount()),
                Arrays.copyOf(scalars, program.scalarCount()));
    }

    static double squares(NDArray x) {
        return x.mul(x).sum().item();
    }
}
