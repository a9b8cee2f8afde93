package io.kiln.op.index;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;

/** Reductions over groups of rows: row i belongs to segment segment[i]. Rows need not be sorted by segment. */
public final class Segments {
    private Segments() {}

    /**
     * Sums of the rows of each segment: {@link SegmentSum}.
     *
     * @param x rows [n,…]
     * @param segment which segment each row belongs to, [n], int32 or int64
     * @param count number of segments
     * @return a new array [count,…]
     */
    public static NDArray sum(NDArray x, NDArray segment, long count) {
        return Dispatch.one(new SegmentSum(count), x, segment);
    }

    /**
     * Means of the rows of each segment: {@link SegmentMean}.
     *
     * @param x rows [n,…]
     * @param segment which segment each row belongs to, [n], int32 or int64
     * @param count number of segments
     * @return a new array [count,…]
     */
    public static NDArray mean(NDArray x, NDArray segment, long count) {
        return Dispatch.one(new SegmentMean(count), x, segment);
    }

    /**
     * Largest elements of each segment: {@link SegmentMax}.
     *
     * @param x rows [n,…]
     * @param segment which segment each row belongs to, [n], int32 or int64
     * @param count number of segments
     * @return a new array [count,…]
     */
    public static NDArray max(NDArray x, NDArray segment, long count) {
        return Dispatch.one(new SegmentMax(count), x, segment);
    }

    /**
     * Smallest elements of each segment: {@link SegmentMin}.
     *
     * @param x rows [n,…]
     * @param segment which segment each row belongs to, [n], int32 or int64
     * @param count number of segments
     * @return a new array [count,…]
     */
    public static NDArray min(NDArray x, NDArray segment, long count) {
        return Dispatch.one(new SegmentMin(count), x, segment);
    }
}
