package io.kiln.op.sparse;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.index.SearchSorted;
import io.kiln.op.internal.CheckedIndices;
import io.kiln.op.internal.Indices;
import io.kiln.op.internal.RowStarts;

/** Checks and positions shared by the CSR operators. */
final class CsrPlaces {
    private CsrPlaces() {}

    /** Checks indptr[rows + 1] and indices[n]. */
    static void check(String operation, long rows, Spec indptr, Spec indices) {
        Indices.check(operation, indptr);
        Indices.check(operation, indices);
        if (!Shape.of(rows + 1).accepts(indptr.shape()) || indices.shape().rank() != 1) {
            throw new ShapeException(operation + ": " + rows + " rows need indptr[" + (rows + 1)
                    + "] and indices[n], got indptr" + indptr.shape() + " and indices" + indices.shape());
        }
    }

    /** Checks values[n] against indices[n]. */
    static void checkValues(String operation, Spec indices, Spec values) {
        if (!indices.shape().accepts(values.shape())) {
            throw new ShapeException(
                    operation + ": indices" + indices.shape() + " need as many values, got values" + values.shape());
        }
    }

    /** The column of each element, after a check. */
    static NDArray columns(String operation, NDArray indices, long columns) {
        return Dispatch.one(new CheckedIndices(operation, "columns", columns), indices);
    }

    /** The row of each element, after a check of indptr. */
    static NDArray rows(String operation, NDArray indptr, NDArray indices) {
        return rows(Dispatch.one(new RowStarts(operation), indptr, indices), indices);
    }

    /** The row of each element: how many rows end at it or before. */
    static NDArray rows(NDArray indptr, NDArray indices) {
        NDArray places = indices.factory().arange(0, indices.size(), 1, DType.INT64);
        NDArray ends = indptr.slice(0, 1, Long.MAX_VALUE).cast(DType.INT64);
        return Dispatch.one(new SearchSorted(true), ends, places);
    }
}
