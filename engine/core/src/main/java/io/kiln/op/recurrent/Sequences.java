package io.kiln.op.recurrent;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.nn.CtcLoss;

/** Operators on sequences of different lengths in one array, padded at their ends. */
public final class Sequences {
    private Sequences() {}

    /**
     * Overwrites the elements after the end of each sequence: {@link SequenceMask}.
     *
     * @param x sequences [T,N,…] or [N,T,…]
     * @param length lengths [N], int32 or int64
     * @param value what stands behind the end
     * @param timeAxis 0 for [T,N,…], 1 for [N,T,…]
     * @return a new array
     */
    public static NDArray mask(NDArray x, NDArray length, double value, int timeAxis) {
        return Dispatch.one(new SequenceMask(value, timeAxis), x, length);
    }

    /**
     * The last element of each sequence: {@link SequenceLast}.
     *
     * @param x sequences [T,N,…] or [N,T,…]
     * @param length lengths [N], int32 or int64, from 1 to T
     * @param timeAxis 0 for [T,N,…], 1 for [N,T,…]
     * @return a new array [N,…]
     */
    public static NDArray last(NDArray x, NDArray length, int timeAxis) {
        return Dispatch.one(new SequenceLast(timeAxis), x, length);
    }

    /**
     * Reverses each sequence within its length: {@link SequenceReverse}.
     *
     * @param x sequences [T,N,…] or [N,T,…]
     * @param length lengths [N], int32 or int64, from 0 to T
     * @param timeAxis 0 for [T,N,…], 1 for [N,T,…]
     * @return a new array
     */
    public static NDArray reverse(NDArray x, NDArray length, int timeAxis) {
        return Dispatch.one(new SequenceReverse(timeAxis), x, length);
    }

    /**
     * The CTC loss of each sequence: {@link CtcLoss}, with blank 0 and infinite losses kept.
     *
     * @param logits unnormalised scores [T,N,C]
     * @param label labels [N,L], int32 or int64
     * @param inputLength how many of the T steps count, [N], int32 or int64
     * @param labelLength how many of the L labels count, [N], int32 or int64
     * @return losses [N]
     */
    public static NDArray ctcLoss(NDArray logits, NDArray label, NDArray inputLength, NDArray labelLength) {
        return ctcLoss(new CtcLoss(0, false), logits, label, inputLength, labelLength);
    }

    /**
     * The CTC loss of each sequence: {@link CtcLoss}.
     *
     * @param operator blank label and what becomes of infinite losses
     * @param logits unnormalised scores [T,N,C]
     * @param label labels [N,L], int32 or int64
     * @param inputLength how many of the T steps count, [N], int32 or int64
     * @param labelLength how many of the L labels count, [N], int32 or int64
     * @return losses [N]
     */
    public static NDArray ctcLoss(
            CtcLoss operator, NDArray logits, NDArray label, NDArray inputLength, NDArray labelLength) {
        return Dispatch.one(operator, logits, label, inputLength, labelLength);
    }
}
