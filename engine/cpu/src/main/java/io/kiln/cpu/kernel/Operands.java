package io.kiln.cpu.kernel;

import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import java.util.List;

/** Arrays in the form that oneDNN expects. */
final class Operands {

    private Operands() {}

    /** Whether oneDNN is available and supports this dtype. */
    static boolean served(DType dtype) {
        return (dtype == DType.FLOAT32 || dtype == DType.BFLOAT16 || dtype == DType.FLOAT16)
                && Natives.get().isAvailable();
    }

    /** The memory of an array; of a copy if oneDNN cannot describe it (repeated or reversed axes). */
    static Tensor read(NDArray array) {
        Tensor tensor = of(array);
        return tensor.isDescribable() ? tensor : of(copy(array));
    }

    /** The memory of a vector without gaps: oneDNN's convolutions ignore the stride of a bias. */
    static Tensor vector(NDArray array) {
        return of(contiguous(array));
    }

    /** The array, or a row-major copy. */
    static NDArray contiguous(NDArray array) {
        return array.isContiguous() ? array : copy(array);
    }

    /** A row-major copy. */
    static NDArray copy(NDArray array) {
        return Dispatch.withoutGradient(new Copy(), array);
    }

    /** The memory of an array. */
    static Tensor of(NDArray array) {
        return new Tensor(array.dtype(), array.shape().dims(), array.strides(), array.address());
    }

    /** The memory of a dense array as one row: the meaning of the elements does not depend on their positions. */
    static Tensor flat(NDArray array) {
        return new Tensor(array.dtype(), new long[] {array.size()}, new long[] {1}, array.address());
    }

    /** A new row-major array on the backend of another one. */
    static NDArray rowMajor(NDArray like, Spec spec) {
        return NDArray.empty(like.backend(), Layout.rowMajor(spec));
    }

    /** Channels-last strides of outputs. */
    static long[][] channelsLast(Spec... outputs) {
        long[][] strides = new long[outputs.length][];
        for (int i = 0; i < strides.length; i++) {
            strides[i] = Tensor.channelsLastStrides(outputs[i].shape().dims());
        }
        return strides;
    }

    /** Strides of outputs of which the first one is channels-last and the others are row-major. */
    static long[][] firstChannelsLast(Spec... outputs) {
        long[][] strides = new long[outputs.length][];
        strides[0] = Tensor.channelsLastStrides(outputs[0].shape().dims());
        return strides;
    }

    static long[] array(List<Long> numbers) {
        long[] array = new long[numbers.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = numbers.get(i);
        }
        return array;
    }

    static boolean isEmpty(Layout array) {
        return array.size() == 0;
    }

    /** Whether oneDNN can describe an array (no axis repeated or reversed). */
    static boolean isDescribable(Layout array) {
        for (int i = 0; i < array.strides().length; i++) {
            if (array.shape().dim(i) > 1 && array.strides()[i] <= 0) {
                return false;
            }
        }
        return true;
    }
}
