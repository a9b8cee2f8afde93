package io.kiln.spark.job;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.HashMap;
import java.util.Map;

/** Adds the gradients of the parts of a batch. */
final class GradientSum implements AutoCloseable {
    private final Map<String, NDArray> sums = new HashMap<>();

    /** Adds the gradient of a part that is not the last. */
    void add(String name, NDArray gradient) {
        try (Scope scope = Scope.open()) {
            NDArray sum = sums.get(name);
            if (sum == null) {
                sums.put(name, scope.keep(gradient.copy()).detach());
            } else {
                sum.assign(sum.add(gradient));
            }
        }
    }

    /** Adds the gradient of the last part. Returns the sum, in the place of that gradient, and forgets it. */
    NDArray complete(String name, NDArray gradient) {
        NDArray sum = sums.remove(name);
        if (sum != null) {
            try (sum;
                    Scope scope = Scope.open()) {
                gradient.assign(sum.add(gradient));
            }
        }
        return gradient;
    }

    @Override
    public void close() {
        sums.values().forEach(NDArray::close);
        sums.clear();
    }
}
