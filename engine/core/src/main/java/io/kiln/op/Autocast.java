package io.kiln.op;

import io.kiln.backend.Context;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;

/**
 * Mixed precision: while it is on, matrix products and convolutions of the calling thread compute in a narrow type, and
 * operators that need range or digits in float32; {@link CastLists} says which. The casts are ordinary operators: they
 * are recorded and traced, so gradients of float32 weights are float32, and a graph traced in this mode keeps its
 * casts.
 *
 * <pre>{@code
 * try (Autograd.Mode record = Autograd.record();
 *         Autocast.Mode cast = Autocast.open(Precision.BFLOAT16)) {
 *     loss = new SoftmaxCrossEntropy().mean(net.forward(x), y);
 * }
 * Autograd.backward(loss); // each gradient in the type of its operator
 * }</pre>
 *
 * <p>P. Micikevicius et al., ICLR 2018; D. Kalamkar et al., arXiv:1905.12322 (bfloat16).
 *
 * <p>Concurrency: a setting of the calling thread.
 */
public final class Autocast {
    private static final Context.Local<Mode> CURRENT = Context.local(Context.Part.AUTOCAST, Mode.class);

    private Autocast() {}

    /** Restores the previous mode when closed. */
    public static final class Mode implements AutoCloseable {
        private final Mode before;
        private final DType narrow;
        private final CastLists lists;

        private Mode(DType narrow, CastLists lists) {
            this.before = CURRENT.get();
            this.narrow = narrow;
            this.lists = lists;
            CURRENT.set(this);
        }

        @Override
        public void close() {
            CURRENT.set(before);
        }
    }

    /**
     * Computes in mixed precision with the standard lists.
     *
     * @param precision the narrow type; {@link Precision#FLOAT32} casts nothing
     * @return ends the mode
     */
    public static Mode open(Precision precision) {
        return open(precision, CastLists.STANDARD);
    }

    /**
     * Computes in mixed precision.
     *
     * @param precision the narrow type; {@link Precision#FLOAT32} casts nothing
     * @param lists which operators compute in what type
     * @return ends the mode
     */
    public static Mode open(Precision precision, CastLists lists) {
        return new Mode(precision == Precision.FLOAT32 ? null : precision.dtype(), lists);
    }

    /**
     * Casts nothing for a while.
     *
     * @return ends the pause
     */
    public static Mode pause() {
        return new Mode(null, CastLists.STANDARD);
    }

    /**
     * What this thread casts, as a comparable value.
     *
     * @param narrow the narrow type
     * @param lists which operators compute in what type
     */
    public record Setting(DType narrow, CastLists lists) {}

    /**
     * What this thread casts.
     *
     * @return the setting, or null if it casts nothing
     */
    public static Setting setting() {
        Mode mode = CURRENT.get();
        return mode == null || mode.narrow == null ? null : new Setting(mode.narrow, mode.lists);
    }

    /** Returns the inputs, cast as the operator needs them. */
    static NDArray[] inputs(Operator operator, NDArray... inputs) {
        Mode mode = CURRENT.get();
        if (mode == null || mode.narrow == null) {
            return inputs;
        }
        Class<? extends Operator> c = operator.getClass();
        if (mode.lists.narrow().contains(c)) {
            return cast(DType.FLOAT32, mode.narrow, inputs);
        }
        boolean free = operator instanceof Pointwise || mode.lists.mixed().contains(c);
        boolean wide = mode.lists.wide().contains(c) || !free && hasFloat32(inputs);
        return wide ? cast(mode.narrow, DType.FLOAT32, inputs) : inputs;
    }

    private static boolean hasFloat32(NDArray... inputs) {
        for (NDArray x : inputs) {
            if (x.dtype() == DType.FLOAT32) {
                return true;
            }
        }
        return false;
    }

    private static NDArray[] cast(DType from, DType to, NDArray... inputs) {
        NDArray[] cast = inputs;
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].dtype() == from) {
                cast = cast == inputs ? inputs.clone() : cast;
                cast[i] = inputs[i].cast(to);
            }
        }
        return cast;
    }
}
