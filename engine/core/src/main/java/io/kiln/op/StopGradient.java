package io.kiln.op;

import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;

/** The same array, through which no gradient flows: \(y = x\), a view. Shapes and dtype: y as x. */
public record StopGradient() implements ViewOperator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return inputs.clone();
    }

    @Override
    public View view(Layout x, Spec output) {
        return new View(x.strides(), 0);
    }

    @Override
    public boolean followsInputs() {
        return false;
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[1];
    }
}
