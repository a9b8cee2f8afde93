package io.kiln.op;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.internal.CustomGradient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A custom operator: computation, gradient, shapes and dtypes come from the user's code.
 *
 * @param op the user's code
 */
public record Custom(CustomOp op) implements Opaque {
    @Override
    public Spec[] infer(Spec... inputs) {
        return op.infer(inputs);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray[] outputs = op.forward(inputs);
        Spec[] expected = op.infer(specs(inputs));
        if (!Arrays.equals(expected, specs(outputs))) {
            throw new ShapeException("custom: " + op + " says that it gives " + Arrays.toString(expected)
                    + ", its forward gave " + Arrays.toString(specs(outputs)) + "; mend one of the two");
        }
        return outputs;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        List<NDArray> arrays = new ArrayList<>();
        for (int i = 0; i < c.inputs(); i++) {
            arrays.add(c.input(i));
        }
        int outputs = op.infer(specs(arrays.toArray(NDArray[]::new))).length;
        List<Long> given = new ArrayList<>();
        List<Long> wanted = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            arrays.add(c.output(i));
        }
        for (int i = 0; i < outputs; i++) {
            if (c.outputGradient(i) != null) {
                given.add((long) i);
                arrays.add(c.outputGradient(i));
            }
        }
        for (int i = 0; i < c.inputs(); i++) {
            if (c.needs(i) && c.input(i).dtype().isFloating()) {
                wanted.add((long) i);
            }
        }
        NDArray[] found = Dispatch.run(
                new CustomGradient(op, outputs, List.copyOf(given), List.copyOf(wanted)),
                arrays.toArray(NDArray[]::new));
        NDArray[] result = new NDArray[c.inputs()];
        for (int i = 0; i < found.length; i++) {
            result[wanted.get(i).intValue()] = found[i];
        }
        return result;
    }

    static Spec[] specs(NDArray... arrays) {
        return Arrays.stream(arrays).map(NDArray::spec).toArray(Spec[]::new);
    }
}
