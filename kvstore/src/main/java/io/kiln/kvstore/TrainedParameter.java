package io.kiln.kvstore;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Role;
import io.kiln.optim.Optimizer;

/**
 * A parameter that a {@link GradientExchange} trains.
 *
 * @param name its name in messages
 * @param value its initial value; all workers use rank 0's
 * @param role its role, which determines weight decay
 * @param byRows whether its gradients are row-sparse and reported by {@link GradientExchange#rowsReady}; where the
 *     optimizer does not {@linkplain Optimizer#updatesLazily update lazily}, or weights are averaged, they are dense
 *     all the same
 * @param handedOver whether the exchange may keep the value as the weight of a table; otherwise it is copied
 * @param rateFactor factor on its learning rate, above 0
 */
public record TrainedParameter(
        String name, NDArray value, Role role, boolean byRows, boolean handedOver, double rateFactor) {
    /**
     * Checks the factor.
     *
     * @throws KVStoreException if it is not above 0 or not finite
     */
    public TrainedParameter {
        if (!(rateFactor > 0) || Double.isInfinite(rateFactor)) {
            throw new KVStoreException(
                    "gradient exchange: the learning rate of parameter %s needs a factor above 0, got %s; leave the parameter out to keep its value"
                            .formatted(name, rateFactor));
        }
    }

    /**
     * A parameter with dense gradients.
     *
     * @param name its name in messages
     * @param value its initial value, copied; all workers use rank 0's
     * @param role its role, which determines weight decay
     */
    public TrainedParameter(String name, NDArray value, Role role) {
        this(name, value, role, false, false, 1);
    }

    /** Rejects parameters that cannot be trained, or not by several workers. */
    void check(boolean several) {
        DType type = value.dtype();
        if (!role.isTrained()) {
            throw new KVStoreException("gradient exchange: parameter %s has role %s, which is not trained; leave it out"
                    .formatted(name, role));
        }
        if (!type.isFloating() || several && type != DType.FLOAT32 && type != DType.FLOAT64) {
            throw new KVStoreException(
                    "gradient exchange: parameter %s must be float32 or float64, got %s; keep weights in float32"
                            .formatted(name, value.spec()));
        }
    }
}
