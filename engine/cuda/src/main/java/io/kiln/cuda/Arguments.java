package io.kiln.cuda;

import io.kiln.backend.Storage;
import io.kiln.kernels.Changing;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.internal.Memory;

/**
 * The arguments of a launch as CUDA reads them, an array of addresses ({@code void**}) and behind it the values: one
 * block of memory for all launches of a queue, as CUDA has read it when the call returns. Belongs to its queue, under
 * whose lock it is used.
 */
final class Arguments {
    private static final int MOST = 128;
    private static final int VALUES = MOST * Long.BYTES;
    private static final int BYTES = VALUES + 32 * 1024;

    private final long address = Memory.allocate(BYTES);
    private final HostPointer pointer = new HostPointer(address);
    private int count;
    private long end;

    /**
     * Writes the arguments of a kernel.
     *
     * @param kernel its name, for messages
     * @param limit the most bytes of values
     * @param arguments as for {@link io.kiln.kernels.DeviceKernel#run}
     * @return the address of the array of addresses
     */
    HostPointer of(String kernel, long limit, Object... arguments) {
        if (arguments.length > MOST) {
            throw new IllegalArgumentException("cuda: kernel " + kernel + " takes " + arguments.length
                    + " arguments, at most " + MOST + " are possible");
        }
        long at = address + VALUES;
        for (int i = 0; i < arguments.length; i++) {
            Memory.putLong(address + (long) i * Long.BYTES, at);
            at += write(kernel, at, address + VALUES + limit, arguments[i]);
        }
        count = arguments.length;
        end = at;
        return pointer;
    }

    /** The arguments written last, in memory of their own. */
    Kept keep() {
        return new Kept(this);
    }

    /** Writes a value and returns its bytes, rounded up to those of a long. */
    private static long write(String kernel, long at, long end, Object given) {
        Object argument = given instanceof Changing c ? c.value() : given;
        long bytes = argument instanceof long[] l
                ? (long) Long.BYTES * l.length
                : argument instanceof double[] d
                        ? (long) Double.BYTES * d.length
                        : argument instanceof float[] f ? (long) Float.BYTES * f.length : Long.BYTES;
        if (at + bytes > end) {
            throw new IllegalArgumentException(
                    "cuda: the arguments of kernel " + kernel + " take more than " + (end - at) + " bytes");
        }
        if (argument instanceof NDArray x) {
            Memory.putLong(at, DeviceMemory.address(x.storage()));
        } else if (argument instanceof Storage s) {
            Memory.putLong(at, DeviceMemory.address(s));
        } else if (argument instanceof Constants c) {
            Memory.putLong(at, c.address());
        } else if (argument instanceof long[] numbers) {
            for (int i = 0; i < numbers.length; i++) {
                Memory.putLong(at + (long) i * Long.BYTES, numbers[i]);
            }
        } else if (argument instanceof double[] numbers) {
            for (int i = 0; i < numbers.length; i++) {
                Memory.putDouble(at + (long) i * Double.BYTES, numbers[i]);
            }
        } else if (argument instanceof float[] numbers) {
            for (int i = 0; i < numbers.length; i++) {
                Memory.putFloat(at + (long) i * Float.BYTES, numbers[i]);
            }
        } else if (argument instanceof Integer number) {
            Memory.putInt(at, number);
        } else if (argument instanceof Long number) {
            Memory.putLong(at, number);
        } else {
            throw new IllegalArgumentException("cuda: kernel " + kernel + " cannot be given " + argument);
        }
        return (bytes + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
    }

    void close() {
        Memory.free(address);
    }

    /** The arguments of one launch, for those that come after it. Belongs to a queue, as {@link Arguments}. */
    static final class Kept {
        private final long address;
        private final long bytes;
        private final HostPointer pointer;

        private Kept(Arguments from) {
            long table = (long) from.count * Long.BYTES;
            bytes = table + from.end - (from.address + VALUES);
            address = Memory.allocate(Math.max(bytes, Long.BYTES));
            pointer = new HostPointer(address);
            for (long at = 0; at < table; at += Long.BYTES) {
                long value = Memory.getLong(from.address + at) - (from.address + VALUES);
                Memory.putLong(address + at, address + table + value);
            }
            for (long at = table; at < bytes; at += Long.BYTES) {
                Memory.putLong(address + at, Memory.getLong(from.address + VALUES + at - table));
            }
        }

        /** The address of the array of addresses. */
        HostPointer pointer() {
            return pointer;
        }

        /**
         * Writes a value over that of an argument.
         *
         * @return whether it differs from the value before
         */
        boolean set(String kernel, int index, Object value, Arguments scratch) {
            long at = Memory.getLong(address + (long) index * Long.BYTES);
            long from = scratch.address + VALUES;
            long size = write(kernel, from, from + address + bytes - at, value);
            boolean differs = false;
            for (long i = 0; i < size; i += Long.BYTES) {
                long word = Memory.getLong(from + i);
                differs |= word != Memory.getLong(at + i);
                Memory.putLong(at + i, word);
            }
            return differs;
        }

        void close() {
            Memory.free(address);
        }
    }
}
