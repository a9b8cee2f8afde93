package io.kiln.cpu.onednn;

/**
 * Batch axes of size 1, from whose strides oneDNN takes the order of all axes: with a stride that equals another axis's, as a
 * view may have it, products come out wrong. Those of the result's are left out; what an operand repeats gets a stride beyond all
 * others.
 */
final class BatchAxes {

    private BatchAxes() {}

    /** Which axes of a product stay. */
    static boolean[] kept(Tensor dst) {
        int rank = dst.dims().length;
        boolean[] kept = new boolean[rank];
        for (int i = 0; i < rank; i++) {
            kept[i] = i >= rank - 2 || dst.dims()[i] != 1;
        }
        return kept;
    }

    /** An operand, or the result, with these axes. */
    static Tensor of(Tensor tensor, boolean[] kept) {
        int rank = 0;
        long extent = 1;
        for (int i = 0; i < kept.length; i++) {
            rank += kept[i] ? 1 : 0;
            extent = Math.max(extent, tensor.dims()[i] > 1 ? tensor.dims()[i] * tensor.strides()[i] : 1);
        }
        long[] dims = new long[rank];
        long[] strides = new long[rank];
        for (int i = 0, k = 0; i < kept.length; i++) {
            if (kept[i]) {
                dims[k] = tensor.dims()[i];
                strides[k++] = tensor.dims()[i] == 1 && i < kept.length - 2 ? extent : tensor.strides()[i];
            }
        }
        return tensor.as(dims, strides);
    }
}
