package io.kiln.cpu.tile;

import io.kiln.cpu.KernelTable;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.Sum;
import java.util.Arrays;
import java.util.List;

/** Reductions over axes. */
public final class ReductionKernels {
    private ReductionKernels() {}

    /**
     * Adds the reductions.
     *
     * @param table the table
     */
    public static void contribute(KernelTable table) {
        table.add(Sum.class, ReductionKernels::sum);
    }

    private static NDArray[] sum(Operator operator, NDArray[] inputs, Spec[] outputs) {
        NDArray x = inputs[0];
        List<Long> axes = ((Sum) operator).axes();
        int rank = x.shape().rank();
        int[] kept = new int[rank];
        int[] gone = new int[rank];
        int k = 0;
        int g = 0;
        for (int i = 0; i < rank; i++) {
            if (axes.isEmpty() || axes.contains((long) i)) {
                gone[g++] = i;
            } else {
                kept[k++] = i;
            }
        }
        int[] order = Arrays.copyOf(kept, rank);
        System.arraycopy(gone, 0, order, k, g);
        long length = 1;
        for (int i = 0; i < g; i++) {
            length *= x.shape().dim(gone[i]);
        }
        NDArray y = NDArray.empty(
                x.backend(),
                outputs[0].shape(),
                outputs[0].dtype(),
                outputs[0].shape().contiguousStrides());
        DoubleLanes lanes = (DoubleLanes) Scratch.current().lanes(DType.FLOAT64, 1)[0];
        Walk walk = new Walk(x, x.shape(), x.strides(), order);
        double[] result = lanes.tile(1);
        for (long o = 0; o < y.size(); o++) {
            double s = 0;
            for (long i = 0; i < length; i += Lanes.TILE) {
                int n = (int) Math.min(Lanes.TILE, length - i);
                walk.load(lanes, 0, o * length + i, n);
                double[] t = lanes.tile(0);
                for (int j = 0; j < n; j++) {
                    s += t[j];
                }
            }
            result[0] = s;
            lanes.store(y.dtype(), y.address() + o * y.dtype().bytes(), 1, 1, 0, 1);
        }
        return new NDArray[] {y};
    }
}
