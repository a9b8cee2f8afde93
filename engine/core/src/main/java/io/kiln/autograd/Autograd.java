package io.kiln.autograd;

import io.kiln.backend.Context;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.StopGradient;
import java.util.List;
import java.util.function.Consumer;

/**
 * Recording and differentiation.
 *
 * <pre>{@code
 * Autograd.attachGradient(w);
 * try (Autograd.Mode record = Autograd.record()) {
 *     loss = x.matmul(w).sub(y).square().mean();
 * }
 * Autograd.backward(loss);
 * NDArray dw = Autograd.gradient(w);
 * }</pre>
 *
 * <p>Concurrency: recording and train mode are settings of the calling thread; a tape is walked by one thread.
 */
public final class Autograd {
    private static final Context.Local<Settings> SETTINGS = Context.local(Context.Part.AUTOGRAD, Settings.class);

    private Autograd() {}

    /** Recording and train mode of one thread. */
    private static final class Settings {
        boolean recording;
        boolean training;
        boolean replaying;
        long sequence;
    }

    /** Restores the settings when it is closed. */
    public static final class Mode implements AutoCloseable {
        private final Settings settings = SETTINGS.get(Settings::new);
        private final boolean recording = settings.recording;
        private final boolean training = settings.training;
        private final boolean replaying = settings.replaying;

        private Mode(boolean recording, boolean training) {
            settings.recording = recording;
            settings.training = training;
        }

        @Override
        public void close() {
            settings.recording = recording;
            settings.training = training;
            settings.replaying = replaying;
        }
    }

    /**
     * Records the following operators, in train mode.
     *
     * @return ends the recording when closed
     */
    public static Mode record() {
        return new Mode(true, true);
    }

    /**
     * Pauses recording, in predict mode.
     *
     * @return ends the pause when closed
     */
    public static Mode pause() {
        return new Mode(false, false);
    }

    /**
     * Pauses recording without changing train or predict mode.
     *
     * @return ends the pause when closed
     */
    public static Mode pauseKeepingMode() {
        return new Mode(false, isTraining());
    }

    /**
     * Turns on train mode (dropout drops, batch norm uses the batch's statistics) without changing recording.
     *
     * @return restores the mode when closed
     */
    public static Mode trainMode() {
        return new Mode(isRecording(), true);
    }

    /**
     * Turns on predict mode without changing recording.
     *
     * @return restores the mode when closed
     */
    public static Mode predictMode() {
        return new Mode(isRecording(), false);
    }

    /**
     * Records a forward pass that is repeated only for its gradient: running statistics are not updated again.
     *
     * @param training whether the first pass ran in train mode
     * @return ends the repetition when closed
     */
    public static Mode replay(boolean training) {
        Mode mode = new Mode(true, training);
        SETTINGS.get(Settings::new).replaying = true;
        return mode;
    }

    /**
     * Whether a forward pass is being repeated.
     *
     * @return true inside {@link #replay}
     */
    public static boolean isReplaying() {
        return SETTINGS.get(Settings::new).replaying;
    }

    /**
     * The same array, detached from the tape: gradients do not flow through it. It is a view, and belongs to the
     * current scope.
     *
     * @param x an array, which may be traced
     * @return a view of it
     */
    public static NDArray stopGradient(NDArray x) {
        return Dispatch.one(new StopGradient(), x);
    }

    /**
     * Pauses recording, in the given mode.
     *
     * @param training whether to run in train mode
     * @return ends the pause when closed
     */
    public static Mode pauseInMode(boolean training) {
        return new Mode(false, training);
    }

    static Mode mode(boolean recording, boolean training) {
        return new Mode(recording, training);
    }

    /**
     * Whether operators are being recorded.
     *
     * @return true inside {@link #record()}
     */
    public static boolean isRecording() {
        return SETTINGS.get(Settings::new).recording;
    }

    /**
     * Whether operators run in train mode.
     *
     * @return true inside {@link #record()} and {@link #trainMode()}
     */
    public static boolean isTraining() {
        return SETTINGS.get(Settings::new).training;
    }

    /**
     * Makes an array a variable: from now on gradients with respect to it are computed. Its earlier recording is
     * dropped.
     *
     * @param array a floating array with data
     * @param request how a backward pass stores its gradient
     * @return the array
     */
    public static NDArray attachGradient(NDArray array, GradReq request) {
        return attach(array, request, false);
    }

    /**
     * Makes an array a variable whose gradient is kept by rows: after a backward pass {@link #rowGradient} returns the
     * rows that operators such as {@link io.kiln.op.index.Gather} have looked up. If another operator uses the variable
     * as well, or if {@link #gradient} is called, the gradient is dense as usual; so are higher derivatives.
     *
     * @param array a floating array with data and at least one axis
     * @param request how a backward pass stores its gradient
     * @return the array
     */
    public static NDArray attachRowGradient(NDArray array, GradReq request) {
        if (array.shape().rank() == 0) {
            throw new IllegalArgumentException("attachRowGradient: needs an array with rows, got " + array.spec());
        }
        return attach(array, request, true);
    }

    private static NDArray attach(NDArray array, GradReq request, boolean byRows) {
        if (!array.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "attachGradient: needs a floating dtype, got " + array.spec() + "; cast it first");
        }
        GradientState old = GradientState.of(array);
        if (old != null) {
            old.clear();
        }
        array.gradientState(request == GradReq.NULL ? null : new GradientState(null, request, byRows));
        return array;
    }

    /**
     * Makes an array a variable whose gradient each backward pass replaces.
     *
     * @param array a floating array with data
     * @return the array
     */
    public static NDArray attachGradient(NDArray array) {
        return attachGradient(array, GradReq.WRITE);
    }

    /**
     * The gradient of a variable from the last backward pass.
     *
     * @param variable an array passed to {@link #attachGradient}
     * @return its gradient, which the next backward pass may replace; null before the first pass
     */
    public static NDArray gradient(NDArray variable) {
        GradientState s = variableState(variable, "gradient");
        if (s.rows != null) {
            NDArray dense = s.rows.toDense().detach();
            s.clear();
            s.gradient = dense;
        }
        return s.gradient;
    }

    /**
     * The rows of a variable's gradient from the last backward pass.
     *
     * @param variable an array passed to {@link #attachRowGradient}
     * @return the rows, which the next backward pass may replace; null before the first pass, and if the gradient is
     *     dense
     */
    public static RowSparse rowGradient(NDArray variable) {
        return variableState(variable, "rowGradient").rows;
    }

    /**
     * Restores a saved gradient of a variable, to which a backward pass with {@link GradReq#ADD} adds.
     *
     * @param variable an array passed to {@link #attachGradient}
     * @param gradient the gradient, of the variable's shape and dtype; it is copied
     */
    public static void restoreGradient(NDArray variable, NDArray gradient) {
        GradientState s = variableState(variable, "restoreGradient");
        if (!gradient.spec().equals(variable.spec())) {
            throw new IllegalArgumentException(
                    "restoreGradient: the variable is " + variable.spec() + ", got a gradient " + gradient.spec());
        }
        s.clear();
        s.gradient = gradient.copy().detach();
    }

    /**
     * Restores a gradient that was saved by rows.
     *
     * @param variable an array passed to {@link #attachRowGradient}
     * @param gradient the rows, which the variable owns from now on
     */
    public static void restoreGradient(NDArray variable, RowSparse gradient) {
        GradientState s = variableState(variable, "restoreGradient");
        if (!s.byRows || !gradient.shape().equals(variable.shape())) {
            throw new IllegalArgumentException("restoreGradient: a variable " + variable.spec()
                    + (s.byRows ? "" : ", which keeps no rows,") + " got " + gradient);
        }
        s.clear();
        s.rows = gradient.detach();
    }

    /**
     * Whether the gradient of a variable was written since {@link #consumeGradient}; a trainer rejects stale ones.
     *
     * @param variable an array passed to {@link #attachGradient}
     * @return true if a backward pass has reached it
     */
    public static boolean isGradientFresh(NDArray variable) {
        return variableState(variable, "isGradientFresh").fresh;
    }

    /**
     * Marks a variable's gradient as used.
     *
     * @param variable an array passed to {@link #attachGradient}
     */
    public static void consumeGradient(NDArray variable) {
        variableState(variable, "consumeGradient").fresh = false;
    }

    /**
     * Clears the gradients of variables, as before accumulating with {@link GradReq#ADD}.
     *
     * @param variables arrays passed to {@link #attachGradient}
     */
    public static void zeroGradient(NDArray... variables) {
        for (NDArray v : variables) {
            variableState(v, "zeroGradient").clear();
        }
    }

    private static GradientState variableState(NDArray variable, String operation) {
        GradientState s = GradientState.of(variable);
        if (s == null || s.producer != null) {
            throw new IllegalArgumentException(operation + ": " + variable.spec()
                    + " is no variable; call Autograd.attachGradient on it before recording");
        }
        return s;
    }

    /**
     * Computes the gradients of all variables that a head depends on, and stores them with the variables.
     *
     * @param head a recorded array; if it has several elements, their sum is differentiated
     */
    public static void backward(NDArray head) {
        backward(List.of(head), null, false, v -> {});
    }

    /**
     * Computes the gradients of all variables that the heads depend on, and stores them with the variables.
     *
     * @param heads recorded arrays
     * @param headGradients gradients with respect to the heads; null for ones
     * @param retainGraph whether the tape stays usable for another pass
     * @param ready receives each variable as soon as its gradient is final, while the pass continues
     */
    public static void backward(
            List<NDArray> heads, List<NDArray> headGradients, boolean retainGraph, Consumer<NDArray> ready) {
        new BackwardPass(heads, headGradients, retainGraph, false).intoVariables(ready);
    }

    /**
     * Computes and returns gradients without storing them with the variables.
     *
     * @param heads recorded arrays
     * @param variables the arrays to differentiate with respect to: variables or recorded arrays
     * @param headGradients gradients with respect to the heads; null for ones
     * @param retainGraph whether the tape stays usable for another pass
     * @param createGraph whether the pass itself is recorded, for higher derivatives; implies retainGraph
     * @return one gradient per variable, zeros if the heads do not depend on it
     */
    public static List<NDArray> grad(
            List<NDArray> heads,
            List<NDArray> variables,
            List<NDArray> headGradients,
            boolean retainGraph,
            boolean createGraph) {
        return new BackwardPass(heads, headGradients, retainGraph || createGraph, createGraph).of(variables);
    }

    /**
     * The gradient of one array with respect to another.
     *
     * @param head a recorded array
     * @param variable the array to differentiate with respect to
     * @param createGraph whether the gradient can be differentiated again
     * @return the gradient, of the variable's shape
     */
    public static NDArray grad(NDArray head, NDArray variable, boolean createGraph) {
        return grad(List.of(head), List.of(variable), null, createGraph, createGraph)
                .get(0);
    }

    /**
     * Records a call on the tape if this thread records and a gradient flows through an input. Called by the
     * dispatcher.
     *
     * @param operator the operator that ran
     * @param inputs its inputs
     * @param outputs its outputs
     */
    public static void record(Operator operator, NDArray[] inputs, NDArray[] outputs) {
        record(operator, null, inputs, outputs);
    }

    static void record(Function function, NDArray[] inputs, NDArray[] outputs) {
        record(null, function, inputs, outputs);
    }

    private static void record(Operator operator, Function function, NDArray[] inputs, NDArray[] outputs) {
        if (records(inputs)) {
            Settings s = SETTINGS.get(Settings::new);
            new TapeNode(operator, function, inputs, outputs, s.training, s.sequence++);
        }
    }

    /**
     * Whether a call is recorded: operators are being recorded, and a gradient may flow into one of its inputs.
     *
     * @param inputs the inputs of the call
     * @return true if it is
     */
    public static boolean records(NDArray... inputs) {
        for (NDArray x : inputs) {
            if (x.gradientState() != null) {
                return isRecording();
            }
        }
        return false;
    }
}
