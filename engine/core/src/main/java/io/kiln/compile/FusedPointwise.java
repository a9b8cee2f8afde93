package io.kiln.compile;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.pointwise.PointwiseProgram;
import java.util.List;

/**
 * Several pointwise operators in one pass over memory. Inputs broadcast; all outputs have the same shape. It occurs in
 * compiled programs only.
 *
 * @param program the computation per element
 * @param shape the shape of the outputs
 * @param dtypes type of each output
 * @param members names of the operators, for dumps
 */
record FusedPointwise(PointwiseProgram program, Shape shape, List<DType> dtypes, List<String> members)
        implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        return dtypes.stream().map(t -> new Spec(shape, t)).toArray(Spec[]::new);
    }

    @Override
    public NDArray[] gradient(GradientContext context) {
        throw new UnsupportedOperationException("fusedPointwise: programs are differentiated before they are fused");
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return Math.multiplyExact(program.operations(), shape.size());
    }
}
