package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Argument;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ParametricOperator;
import io.kiln.op.Role;
import io.kiln.op.RowGradient;
import io.kiln.op.internal.Completion;
import io.kiln.op.internal.Indices;
import java.util.List;
import java.util.Map;

/**
 * Takes entries at given indices of an axis, as NumPy's take: for axis 0 y[i,…] = x[indices[i],…]. Inputs: x, indices
 * (int32 or int64). Shapes: in y the axis of x is replaced by all axes of indices. Dtype: as x.
 *
 * <p>Indices out of range are an error. Negative ones are an error too unless fromEnd is set: in embedding tables, -1
 * often marks padding and would silently read the last entry. {@link Indexing#take} handles indices out of range. With
 * respect to whole rows (axis 0) the gradient can be row-sparse.
 *
 * @param axis the axis; negative ones count from the end
 * @param fromEnd whether negative indices count from the end, as in NumPy
 */
public record Gather(int axis, @DefaultValue("false") boolean fromEnd) implements ParametricOperator, RowGradient {
    /** From axis 0, as an embedding does. */
    public Gather() {
        this(0);
    }

    /**
     * Of indices from 0.
     *
     * @param axis the axis; negative ones count from the end
     */
    public Gather(int axis) {
        this(axis, false);
    }

    @Override
    public List<Argument> arguments() {
        return List.of(Argument.parameter("table", Role.EMBEDDING), Argument.data("indices"));
    }

    @Override
    public List<String> sizeNames() {
        return List.of("rows", "units");
    }

    @Override
    public Shape[] stated(Map<String, List<Long>> sizes) {
        Shape table = Shape.of(Completion.one(name(), sizes, "rows"), Completion.one(name(), sizes, "units"));
        return new Shape[] {sizes.isEmpty() ? null : table, null};
    }

    @Override
    public Shape[] complete(Shape... inputs) {
        return inputs.clone();
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape indices = inputs[1].shape();
        Indices.check(name(), inputs[1]);
        int a = x.axis(axis);
        long[] d = new long[x.rank() - 1 + indices.rank()];
        for (int i = 0; i < d.length; i++) {
            boolean before = i < a;
            boolean inside = !before && i < a + indices.rank();
            d[i] = before ? x.dim(i) : inside ? indices.dim(i - a) : x.dim(i - indices.rank() + 1);
        }
        return new Spec[] {new Spec(Shape.of(d), inputs[0].dtype())};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        if (!c.needs(0)) {
            return new NDArray[2];
        }
        NDArray x = c.input(0);
        NDArray zeros = x.factory().zeros(x.shape(), x.dtype());
        return new NDArray[] {Dispatch.one(new ScatterAdd(axis), zeros, c.input(1), c.outputGradient(0)), null};
    }

    @Override
    public RowSparse rowGradient(GradientContext c) {
        Shape x = c.input(0).shape();
        return x.axis(axis) == 0 && !fromEnd ? RowSparse.of(x, c.input(1), c.outputGradient(0)) : null;
    }

    @Override
    public boolean looksUpRows(Shape table) {
        return table.axis(axis) == 0 && !fromEnd;
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 0;
    }
}
