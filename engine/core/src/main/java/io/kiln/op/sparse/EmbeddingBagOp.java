package io.kiln.op.sparse;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.RowGradient;
import io.kiln.op.index.Gather;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.internal.CheckedIndices;
import io.kiln.op.internal.Indices;

/**
 * Weighted sums of rows of a table: \(y_i = \sum_{e = p_i}^{p_{i+1} - 1} v_e\, W_{j_e}\). Inputs: table W[count,k],
 * indices j[n] (int32 or int64, in any order and perhaps repeated), values v[n], indptr p[rows+1] (int32 or int64,
 * ascending from 0 to n). Shapes: y[rows,k], 0 for a row without elements. Dtype: that of W and v, floating.
 *
 * <p>It is the product of a CSR matrix, whose number of rows may be unknown, with the table, and PyTorch's
 * {@code embedding_bag} with {@code mode="sum"} and {@code per_sample_weights}. The gradient with respect to the table
 * can be row-sparse.
 */
public record EmbeddingBagOp() implements RowGradient {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape table = inputs[0].shape();
        Shape indptr = inputs[3].shape();
        Indices.check(name(), inputs[1]);
        Indices.check(name(), inputs[3]);
        CsrPlaces.checkValues(name(), inputs[1], inputs[2]);
        if (table.rank() != 2 || inputs[1].shape().rank() != 1 || indptr.rank() != 1 || indptr.dim(0) == 0) {
            throw new ShapeException(
                    "embeddingBag: needs table[count,k], indices[n], values[n] and indptr[rows+1], got table" + table
                            + ", indices" + inputs[1].shape() + ", values" + inputs[2].shape() + " and indptr"
                            + indptr);
        }
        DType type = inputs[0].dtype();
        if (!type.isFloating() || inputs[2].dtype() != type) {
            throw new IllegalArgumentException("embeddingBag: table and values need one floating dtype, got " + type
                    + " and " + inputs[2].dtype() + "; cast one of them");
        }
        long rows = indptr.dim(0) == Shape.UNKNOWN ? Shape.UNKNOWN : indptr.dim(0) - 1;
        return new Spec[] {new Spec(table.with(0, rows), type)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        CheckedIndices checked =
                new CheckedIndices(name(), "indices", inputs[0].shape().dim(0));
        NDArray row = CsrPlaces.rows(name(), inputs[3], inputs[1]);
        NDArray parts = Dispatch.one(new Gather(0), inputs[0], Dispatch.one(checked, inputs[1]))
                .mul(inputs[2].expandDims(1));
        long rows = inputs[3].shape().dim(0) - 1;
        NDArray zeros = parts.factory().zeros(parts.shape().with(0, rows), parts.dtype());
        return new NDArray[] {Dispatch.one(new ScatterAdd(0), zeros, row, parts)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray table = c.input(0);
        NDArray dtable = null;
        NDArray dvalues = null;
        if (c.needs(0)) {
            NDArray zeros = table.factory().zeros(table.shape(), table.dtype());
            dtable = Dispatch.one(new ScatterAdd(0), zeros, c.input(1), lookedUpRows(c));
        }
        if (c.needs(2)) {
            dvalues =
                    ofRow(c).mul(Dispatch.one(new Gather(0), table, c.input(1))).sum(1);
        }
        return new NDArray[] {dtable, null, dvalues, null};
    }

    /** The output's gradient at the row of each element. */
    private static NDArray ofRow(GradientContext c) {
        return Dispatch.one(new Gather(0), c.outputGradient(0), CsrPlaces.rows(c.input(3), c.input(1)));
    }

    @Override
    public RowSparse rowGradient(GradientContext c) {
        return c.needs(2) ? null : RowSparse.of(c.input(0).shape(), c.input(1), lookedUpRows(c));
    }

    @Override
    public boolean looksUpRows(Shape table) {
        return true;
    }

    @Override
    public NDArray lookedUpRows(GradientContext c) {
        return ofRow(c).mul(c.input(2).expandDims(1));
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        return 2 * inputs[1].shape().size() * inputs[0].shape().dim(1);
    }
}
