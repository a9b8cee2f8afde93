package io.kiln.optim;

import io.kiln.ndarray.DType;
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
        run(optimizer, step, (LateClip) null, weight, gradient, states);
    }

    /**
     * As {@link #run(Optimizer, Step, NDArray, NDArray, NDArray...)}, with a norm that only a device knows, or null.
     */
    static void run(
            Optimizer optimizer, Step step, LateClip clip, NDArray weight, NDArray gradient, NDArray... states) {
        run(new UpdateNumbers(optimizer).set(step), clip, null, weight, gradient, states);
    }

    /**
     * Updates a whole parameter and its states in place, by numbers that captured work reads again.
     *
     * @param numbers the optimizer and the numbers of this update
     * @param weight the parameter
     * @param gradient its gradient, of the same shape
     * @param states {@link Optimizer#stateCount()} arrays of the same shape
     */
    public static void run(UpdateNumbers numbers, NDArray weight, NDArray gradient, NDArray... states) {
        run(numbers, null, null, weight, gradient, states);
    }

    /** As {@link #run(UpdateNumbers, NDArray, NDArray, NDArray...)}, with a norm that only a device knows, or null. */
    static void run(UpdateNumbers numbers, LateClip clip, NDArray weight, NDArray gradient, NDArray... states) {
        run(numbers, clip, null, weight, gradient, states);
    }

    /**
     * Updates one slice of a parameter and of its states in place.
     *
     * @param optimizer the optimizer
     * @param step the numbers of this update
     * @param total asked only by a {@link LayerwiseOptimizer}: takes the sums of squares {of the weight, of the
     *     direction} over this slice and returns those over all slices of the parameter
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
        run(new UpdateNumbers(optimizer).set(step), null, total, weight, gradient, states);
    }

    private static void run(
            UpdateNumbers numbers,
            LateClip clip,
            UnaryOperator<double[]> total,
            NDArray weight,
            NDArray gradient,
            NDArray... states) {
        Optimizer optimizer = numbers.optimizer();
        if (states.length != optimizer.stateCount()) {
            throw new IllegalArgumentException(
                    "update: " + optimizer + " needs " + optimizer.stateCount() + " states, got " + states.length);
        }
        try (Scope scope = clip == null ? null : Scope.open()) {
            NDArray g = clip == null ? gradient : clip.scaled(gradient);
            if (optimizer instanceof LayerwiseOptimizer layerwise) {
                runInPhases(layerwise, numbers, clip, total, weight, g, states);
            } else if (optimizer instanceof CompanionOptimizer companion) {
                runBeside(companion, numbers, clip, weight, g, states);
            } else {
                run(optimizer.program(), numbers.scalars(), clip, weight, inputs(weight, g, states), states);
            }
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
        updateRows(optimizer, step, null, weight, gradient, gradient.indices(), states);
    }

    /**
     * Updates the rows of a parameter that a gradient has, where the states of only some rows are kept.
     *
     * @param optimizer an optimizer that {@linkplain Optimizer#updatesLazily updates lazily}
     * @param step the numbers of this update
     * @param weight the parameter, row-major
     * @param gradient its gradient, of the same shape
     * @param stateRows int64, for each row of the gradient the row of the states that belongs to it
     * @param states {@link Optimizer#stateCount()} row-major arrays, with the parameter's shape except for the first axis
     */
    public static void runOwnedRows(
            Optimizer optimizer, Step step, NDArray weight, RowSparse gradient, NDArray stateRows, NDArray... states) {
        updateRows(optimizer, step, null, weight, gradient, stateRows, states);
    }

    /**
     * As {@link #runLazily(Optimizer, Step, NDArray, RowSparse, NDArray...)}, with a norm that only a device knows, or
     * null.
     */
    static void runLazily(
            Optimizer optimizer, Step step, LateClip clip, NDArray weight, RowSparse gradient, NDArray... states) {
        updateRows(optimizer, step, clip, weight, gradient, gradient.indices(), states);
    }

    private static void updateRows(
            Optimizer optimizer,
            Step step,
            LateClip clip,
            NDArray weight,
            RowSparse gradient,
            NDArray stateRows,
            NDArray... states) {
        if (!optimizer.updatesLazily() || !weight.shape().equals(gradient.shape())) {
            throw new IllegalArgumentException("update: " + optimizer
                    + (optimizer.updatesLazily() ? "" : " cannot update lazily;" + " use the dense gradient")
                    + ", weight" + weight.shape() + ", gradient " + gradient);
        }
        try (Scope scope = Scope.open()) {
            NDArray[] parts = new NDArray[states.length];
            for (int i = 0; i < parts.length; i++) {
                parts[i] = Dispatch.withoutGradient(new Gather(0), states[i], stateRows);
            }
            NDArray part = Dispatch.withoutGradient(new Gather(0), weight, gradient.indices());
            run(optimizer, step, clip, part, gradient.rows(), parts);
            InPlace.putRows(weight, gradient.indices(), part);
            for (int i = 0; i < parts.length; i++) {
                InPlace.putRows(states[i], stateRows, parts[i]);
            }
        }
    }

    private static void runInPhases(
            LayerwiseOptimizer optimizer,
            UpdateNumbers numbers,
            LateClip clip,
            UnaryOperator<double[]> total,
            NDArray weight,
            NDArray gradient,
            NDArray... states) {
        try (Scope scope = Scope.open()) {
            NDArray direction = weight.newArray(weight.spec());
            NDArray[] inputs = inputs(weight, gradient, states);
            run(optimizer.direction(), numbers.direction(), clip, direction, inputs, states);
            PointwiseProgram program = optimizer.program();
            double[] scalars = numbers.scalars();
            inputs[1] = direction;
            if (!numbers.step().layerwise()) {
                run(program, numbers.withoutRatio(), clip, weight, inputs, states);
                return;
            }
            Scalar ratio = trustRatio(optimizer, numbers.step(), total, weight, direction);
            if (ratio.isKnown() && ratio.value() == 1) {
                scalars = numbers.withoutRatio(); // an array that a replay of this update reads again
            } else if (ratio.isKnown()) {
                scalars = Arrays.copyOf(scalars, scalars.length + 1);
                scalars[scalars.length - 1] = ratio.value();
            } else if (program.scalarCount() > scalars.length) {
                int behind = inputs.length;
                program = program.withScalarAsInput(scalars.length, behind);
                inputs = Arrays.copyOf(inputs, behind + 1);
                inputs[behind] = ratio.array(computed(weight.dtype()), weight.shape());
            }
            run(program, scalars, clip, weight, inputs, states);
        }
    }

    private static Scalar trustRatio(
            LayerwiseOptimizer optimizer, Step step, UnaryOperator<double[]> total, NDArray weight, NDArray direction) {
        Scalar ofWeight = Scalar.sumOfSquares(weight);
        Scalar ofDirection = Scalar.sumOfSquares(direction);
        if (total != null) {
            double[] all = total.apply(new double[] {ofWeight.value(), ofDirection.value()});
            ofWeight = Scalar.of(all[0]);
            ofDirection = Scalar.of(all[1]);
        }
        return optimizer.trustRatio(step, ofWeight.sqrt(), ofDirection.sqrt());
    }

    /** The type in which the numbers of an update of a parameter are given. */
    static DType computed(DType parameter) {
        return parameter == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    }

    private static void runBeside(
            CompanionOptimizer optimizer,
            UpdateNumbers numbers,
            LateClip clip,
            NDArray weight,
            NDArray gradient,
            NDArray... states) {
        try (Scope scope = Scope.open()) {
            NDArray[] companions = optimizer.companions(numbers.step(), weight, gradient, states);
            NDArray[] own = inputs(weight, gradient, states);
            NDArray[] inputs = Arrays.copyOf(own, own.length + companions.length);
            System.arraycopy(companions, 0, inputs, own.length, companions.length);
            run(optimizer.program(), numbers.scalars(), clip, weight, inputs, states);
        }
    }

    private static NDArray[] inputs(NDArray weight, NDArray gradient, NDArray... states) {
        NDArray[] inputs = new NDArray[2 + states.length];
        inputs[0] = weight;
        inputs[1] = gradient;
        System.arraycopy(states, 0, inputs, 2, states.length);
        return inputs;
    }

    /** Runs a program into an array, which may be the weight, and the states. */
    private static void run(
            PointwiseProgram program,
            double[] scalars,
            LateClip clip,
            NDArray result,
            NDArray[] inputs,
            NDArray... states) {
        NDArray[] outputs = new NDArray[program.outputCount()];
        outputs[0] = result;
        System.arraycopy(states, 0, outputs, 1, outputs.length - 1);
        PointwiseProgram run = program;
        NDArray[] given = inputs;
        boolean inPlace = result == inputs[0];
        if (clip != null && (inPlace || outputs.length > 1)) {
            int[] kept = new int[outputs.length];
            Arrays.setAll(kept, i -> i > 0 ? 1 + i : inPlace ? 0 : -1);
            run = program.where(kept);
            given = Arrays.copyOf(inputs, run.inputCount());
            given[given.length - 1] = clip.condition(result);
        }
        InPlace.run(run, Arrays.copyOf(given, run.inputCount()), outputs, scalars);
    }
}
