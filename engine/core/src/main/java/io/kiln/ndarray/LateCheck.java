package io.kiln.ndarray;

import io.kiln.backend.Context;
import io.kiln.backend.Waits;
import java.util.function.Function;

/**
 * Refuses values that are only known where they lie. In memory that Java reads the check is made at once; on a device its outcome
 * travels to the host with what is read next, and its exception comes from there: where the step's loss is read, or the context
 * ends. A step therefore never stops for a check.
 */
public final class LateCheck {
    private LateCheck() {}

    /**
     * Refuses a zero.
     *
     * @param value an array of one element, which is 0 where something is wrong
     * @param subject what the exception looks at; its elements must stay as they are until then
     * @param error makes the exception
     */
    public static void notZero(NDArray value, NDArray subject, Function<NDArray, RuntimeException> error) {
        if (value.backend().traits().hostAddressable()) {
            if (value.item() == 0) {
                throw error.apply(subject);
            }
            return;
        }
        NDArray sign = held(value);
        NDArray kept = held(subject);
        HostCopy.prefetch(sign);
        Context.current().waits(value.backend()).add(new Late(sign, kept, error));
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
