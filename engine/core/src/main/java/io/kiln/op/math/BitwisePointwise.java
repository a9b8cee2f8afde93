package io.kiln.op.math;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.BinaryPointwise;

/** A pointwise operator on the bits of two integers; no gradient flows. */
interface BitwisePointwise extends BinaryPointwise {
    @Override
    default Spec[] infer(Spec... inputs) {
        Spec[] result = BinaryPointwise.super.infer(inputs);
        check(name(), inputs);
        return result;
    }

    /** Refuses floating inputs. */
    static void check(String operation, Spec... inputs) {
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].dtype().isFloating()) {
                throw new IllegalArgumentException(
                        operation + ": input " + i + " needs an integer dtype or bool, got " + inputs[i] + "; cast it");
            }
        }
    }

    @Override
    default NDArray gradientA(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return null;
    }

    @Override
    default NDArray gradientB(NDArray dy, NDArray a, NDArray b, NDArray y) {
        return null;
    }
}
