package io.kiln.ndarray;

import io.kiln.backend.Context;
import io.kiln.backend.CurrentLayer;
import io.kiln.backend.Waits;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.function.Function;

/**
 * Rejects invalid values. Values in memory that Java can read are checked at once; on a device the outcome arrives with
 * the next value read, and the exception is thrown there: where the step's loss is read, or the context is closed. A
 * step therefore never waits for a check. Of captured work that is replayed several times before somebody waits, the first
 * replay with invalid values is described.
 */
public final class LateCheck {
    /** What was invalid before, else what is looked at now: of whether all was valid, of this, and of that. */
    private static final PointwiseProgram KEEP =
            PointwiseProgram.of(Expr.input(0).eq(0).select(Expr.input(2), Expr.input(1)));

    /** Whether all was valid, and this is. */
    private static final PointwiseProgram STAY =
            PointwiseProgram.of(Expr.input(1).eq(0).select(Expr.constant(0), Expr.input(0)));

    private LateCheck() {}

    /**
     * Rejects zero.
     *
     * @param value an array of one element, 0 if something is wrong
     * @param subject the array that the exception describes. Where the check is late it is copied: the memory of a compiled
     *     program is soon that of another value
     * @param error creates the exception
     */
    public static void notZero(NDArray value, NDArray subject, Function<NDArray, RuntimeException> error) {
        if (value.backend().traits().hostAddressable()) {
            if (value.item() == 0) {
                throw error.apply(subject);
            }
            return;
        }
        Waits waits = Context.current().waits(value.backend());
        if (!waits.isCapturing()) {
            try (NDArray kept = copied(subject)) {
                add(waits, value, kept, error, CurrentLayer.path());
            }
            return;
        }
        // Replays may be many before somebody waits: what the first invalid one has found stays until it is told.
        NDArray kept = detached(subject, subject.shape());
        NDArray valid = detached(subject, Shape.of());
        waits.keep(kept, valid);
        InPlace.run(KEEP, new NDArray[] {valid, subject, kept}, new NDArray[] {kept});
        try (NDArray sign = value.view(Shape.of(), new long[0], 0)) {
            InPlace.run(STAY, new NDArray[] {valid, sign}, new NDArray[] {valid});
        }
        String layer = CurrentLayer.path();
        waits.prepare(() -> setValid(valid));
        waits.arrange(() -> {
            InPlace.bumpVersions(valid, kept); // the replay has written them
            add(waits, valid, kept, numbers -> told(error, numbers, valid), layer);
        });
    }

    private static void add(
            Waits waits, NDArray value, NDArray subject, Function<NDArray, RuntimeException> error, String layer) {
        NDArray sign = held(value);
        NDArray kept = held(subject);
        HostCopy.prefetch(sign);
        waits.add(new Late(sign, kept, error), layer);
    }

    /** A new array of the dtype of another, which outlives the scope, until the captured work is closed. */
    private static NDArray detached(NDArray like, Shape shape) {
        return NDArray.empty(like.backend(), Layout.rowMajor(new Spec(shape, like.dtype())))
                .detach();
    }

    private static void setValid(NDArray valid) {
        HostCopy.putConverted(new double[] {1}, valid);
    }

    /** From now on, other values may be found, unless the work was dropped meanwhile. */
    private static RuntimeException told(Function<NDArray, RuntimeException> error, NDArray numbers, NDArray valid) {
        try {
            return error.apply(numbers);
        } finally {
            if (!valid.isClosed()) {
                setValid(valid);
            }
        }
    }

    private static NDArray copied(NDArray x) {
        try (Scope scope = Scope.open();
                NDArray plain = held(x)) { // of which no gradient is taken
            return held(plain.copy());
        }
    }

    /** A view that outlives the scope. */
    private static NDArray held(NDArray x) {
        return x.view(x.shape(), x.strides(), 0).detach();
    }

    private record Late(NDArray sign, NDArray subject, Function<NDArray, RuntimeException> error)
            implements Waits.Check {
        @Override
        public RuntimeException look() {
            try (sign;
                    subject) {
                return sign.item() == 0 ? error.apply(subject) : null;
            }
        }
    }
}
