package io.kiln.cpu.kernel;

import io.kiln.cpu.EngineThreads;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Float16;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.internal.Memory;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * NaN and infinities where oneDNN departs from the operators' definitions: its ReLU and its maxima turn NaN into a
 * number, and its softmax leaves the rest of a row with a NaN at 0. Kernels ask
 * {@link io.kiln.cpu.onednn.CpuContext#tookInvalid} whether that may have happened, which costs nothing per element,
 * and then correct their results with these methods.
 */
final class Specials {
    private static final int TILE = 2048;
    private static final long GRAIN = 8 * TILE;

    private Specials() {}

    /** The bits of positive infinity, in the width of the dtype; every larger pattern, without its sign, is NaN. */
    private static int infinity(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> 0x7F800000;
            case BFLOAT16 -> 0x7F80;
            case FLOAT16 -> 0x7C00;
            default -> throw new IllegalArgumentException("infinity: expected a type that oneDNN serves, got " + dtype);
        };
    }

    /** The bits of some elements in dense memory, those of 16-bit types with their sign extended. */
    private static void get(DType dtype, long address, int[] bits, int count) {
        if (dtype == DType.FLOAT32) {
            Memory.get(address, bits, 0, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            bits[i] = Memory.getShort(address + 2L * i);
        }
    }

    private static void put(DType dtype, long address, int[] bits, int count) {
        if (dtype == DType.FLOAT32) {
            Memory.put(bits, 0, address, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            Memory.putShort(address + 2L * i, (short) bits[i]);
        }
    }

    private interface TileBody {
        void run(long address, int[] bits, int count);
    }

    private static void eachTile(NDArray dense, TileBody body) {
        int bytes = dense.dtype().bytes();
        EngineThreads.parallel().forRange(dense.size(), GRAIN, (from, to) -> {
            int[] bits = new int[TILE];
            for (long at = from; at < to; at += TILE) {
                int count = (int) Math.min(TILE, to - at);
                long address = dense.address() + at * bytes;
                get(dense.dtype(), address, bits, count);
                body.run(address, bits, count);
            }
        });
    }

    /** Whether one of the arrays has an element that is infinite or NaN. */
    static boolean in(NDArray... arrays) {
        for (NDArray x : arrays) {
            int infinity = infinity(x.dtype());
            AtomicBoolean found = new AtomicBoolean();
            eachTile(x.isDense() ? x : Operands.copy(x), (address, bits, count) -> {
                for (int i = 0; i < count; i++) {
                    if ((bits[i] & infinity) == infinity) { // all bits of the exponent are set
                        found.set(true);
                        return;
                    }
                }
            });
            if (found.get()) {
                return true;
            }
        }
        return false;
    }

    /** {@code max(y, 0)} in dense memory, by the operator's definition: NaN stays NaN, -0 becomes 0. */
    static void rectify(NDArray y) {
        int infinity = infinity(y.dtype());
        int magnitude = y.dtype() == DType.FLOAT32 ? Integer.MAX_VALUE : Short.MAX_VALUE;
        eachTile(y, (address, bits, count) -> {
            for (int i = 0; i < count; i++) {
                boolean isNaN = (bits[i] & magnitude) > infinity;
                bits[i] = bits[i] < 0 && !isNaN ? 0 : bits[i];
            }
            put(y.dtype(), address, bits, count);
        });
    }

    /** A copy of dense memory with -1 instead of each NaN. */
    static NDArray withoutNaN(NDArray y) {
        NDArray copy = NDArray.empty(y.backend(), y.shape(), y.dtype(), y.strides());
        Memory.copy(y.address(), copy.address(), y.size() * y.dtype().bytes());
        int infinity = infinity(y.dtype());
        int magnitude = y.dtype() == DType.FLOAT32 ? Integer.MAX_VALUE : Short.MAX_VALUE;
        int minusOne =
                switch (y.dtype()) {
                    case FLOAT32 -> 0xBF800000;
                    case BFLOAT16 -> 0xBF80;
                    default -> 0xBC00;
                };
        eachTile(copy, (address, bits, count) -> {
            for (int i = 0; i < count; i++) {
                bits[i] = (bits[i] & magnitude) > infinity ? minusOne : bits[i];
            }
            put(copy.dtype(), address, bits, count);
        });
        return copy;
    }

    /**
     * Fills each line along an axis that contains a NaN with NaN: normalisation by a sum over the line is defined this
     * way, whereas oneDNN leaves the other elements at 0, or at the logarithm of 0.
     */
    static void spreadNaN(NDArray y, int axis) {
        long length = y.shape().dim(axis);
        long step = y.strides()[axis] * y.dtype().bytes();
        Shape lines = y.shape().with(axis, 1);
        long[] dims = lines.dims();
        short nan = y.dtype() == DType.FLOAT16 ? Float16.fromFloat(Float.NaN) : Float16.brainFromFloat(Float.NaN);
        EngineThreads.parallel().forRange(lines.size(), Math.max(1, GRAIN / length), (from, to) -> {
            for (long line = from; line < to; line++) {
                long at = y.address()
                        + offset(line, dims, y.strides()) * y.dtype().bytes();
                boolean found = false;
                for (long i = 0; i < length && !found; i++) {
                    found = Float.isNaN(number(y.dtype(), at + i * step));
                }
                for (long i = 0; i < length && found; i++) {
                    if (y.dtype() == DType.FLOAT32) {
                        Memory.putFloat(at + i * step, Float.NaN);
                    } else {
                        Memory.putShort(at + i * step, nan);
                    }
                }
            }
        });
    }

    private static float number(DType dtype, long address) {
        return switch (dtype) {
            case FLOAT32 -> Memory.getFloat(address);
            case FLOAT16 -> Float16.toFloat(Memory.getShort(address));
            default -> Float16.brainToFloat(Memory.getShort(address));
        };
    }

    private static long offset(long index, long[] dims, long[] strides) {
        long offset = 0;
        long rest = index;
        for (int i = dims.length - 1; i >= 0; i--) {
            offset += rest % dims[i] * strides[i];
            rest /= dims[i];
        }
        return offset;
    }
}
