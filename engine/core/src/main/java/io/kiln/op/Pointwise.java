package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;

/**
 * An operator that computes each element of its output from the elements at the same position of its inputs, which
 * broadcast as in NumPy. It provides an expression, from which every backend runs it.
 */
public interface Pointwise extends Operator {
    /**
     * What is computed of one element.
     *
     * @param x the elements of the inputs
     * @return the element of the output
     */
    Expr expression(Expr... x);

    /**
     * The number of inputs.
     *
     * @return inputs
     */
    int arity();

    /**
     * The dtype rule.
     *
     * @param promoted the common type of the inputs
     * @return type of the output
     */
    DType result(DType promoted);

    @Override
    default Spec[] infer(Spec... inputs) {
        if (inputs.length != arity()) {
            throw new IllegalArgumentException(name() + ": needs " + arity() + " inputs, got " + inputs.length);
        }
        Shape shape = inputs[0].shape();
        DType dtype = inputs[0].dtype();
        for (int i = 1; i < inputs.length; i++) {
            shape = Shape.broadcast(shape, inputs[i].shape(), name());
            dtype = dtype.promote(inputs[i].dtype());
        }
        return new Spec[] {new Spec(shape, result(dtype))};
    }

    @Override
    default long flops(Spec[] inputs, Spec[] outputs) {
        Expr[] x = new Expr[inputs.length];
        Arrays.setAll(x, Expr::input);
        return Math.multiplyExact(
                PointwiseProgram.of(expression(x)).operations(),
                outputs[0].shape().size());
    }

    /**
     * The type in which the expression is to be computed: floating if an input or the output is, float64 if one of them is,
     * otherwise integers of 64 bits. 16-bit floating types compute in float32.
     *
     * @param inputs what is known of the inputs
     * @param output what is known of the output
     * @return {@link DType#FLOAT32}, {@link DType#FLOAT64} or {@link DType#INT64}
     */
    static DType computeType(Spec[] inputs, Spec output) {
        DType t = output.dtype();
        for (Spec s : inputs) {
            t = t.promote(s.dtype());
        }
        if (t == DType.FLOAT64) {
            return t;
        }
        return t.isFloating() ? DType.FLOAT32 : DType.INT64;
    }
}
