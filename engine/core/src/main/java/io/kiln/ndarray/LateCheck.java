package io.kiln.ndarray;

import io.kiln.backend.Context;
import io.kiln.backend.CurrentLayer;
import io.kiln.backend.Waits;
import java.util.function.Function;

/**
 * Rejects invalid values. Values in memory that Java can read are checked at once; on a device the outcome arrives with
 * the next value read, and the exception is thrown there: where the step's loss is read, or the context is closed. A
 * step therefore never waits for a check.
 */
public final class LateCheck {
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
        NDArray kept = copied(subject);
        NDArray sign = held(value);
        String layer = CurrentLayer.path();
        waits.arrange(() -> {
            InPlace.bumpVersions(sign, kept); // the replay has written them
            add(waits, sign, kept, error, layer);
        });
    }

    private static void add(
            Waits waits, NDArray value, NDArray subject, Function<NDArray, RuntimeException> error, String layer) {
        NDArray sign = held(value);
        NDArray kept = held(subject);
        HostCopy.prefetch(sign);
        waits.add(new Late(sign, kept, error), layer);
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
