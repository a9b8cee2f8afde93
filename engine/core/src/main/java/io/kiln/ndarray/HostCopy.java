package io.kiln.ndarray;

import io.kiln.backend.Backend;
import io.kiln.backend.Device;
import java.lang.ref.Reference;
import java.util.function.LongConsumer;

/** Copies between Java arrays and row-major device arrays, with conversion. */
final class HostCopy {
    private HostCopy() {}

    static NDArray put(float[] values, NDArray to) {
        toDevice(to, host -> Memory.put(values, 0, host, values.length));
        return to;
    }

    static void put(double[] values, NDArray to) {
        toDevice(to, host -> Memory.put(values, 0, host, values.length));
    }

    static void put(int[] values, NDArray to) {
        toDevice(to, host -> Memory.put(values, 0, host, values.length));
    }

    static void put(long[] values, NDArray to) {
        toDevice(to, host -> Memory.put(values, 0, host, values.length));
    }

    static void put(byte[] values, NDArray to) {
        toDevice(to, host -> Memory.put(values, 0, host, values.length));
    }

    static void putConverted(double[] values, NDArray to) {
        toDevice(to, host -> {
            for (int i = 0; i < values.length; i++) {
                write(to.dtype(), host + (long) i * to.dtype().bytes(), values[i]);
            }
        });
    }

    static void clear(NDArray to) {
        toDevice(to, host -> Memory.fill(host, to.size() * to.dtype().bytes(), (byte) 0));
    }

    static float[] floats(NDArray a) {
        float[] r = new float[length(a)];
        fromDevice(a, a.address(), r.length, host -> {
            if (a.dtype() == DType.FLOAT32) {
                Memory.get(host, r, 0, r.length);
            } else {
                for (int i = 0; i < r.length; i++) {
                    r[i] = (float) read(a.dtype(), host + (long) i * a.dtype().bytes());
                }
            }
        });
        return r;
    }

    static double[] doubles(NDArray a) {
        double[] r = new double[length(a)];
        fromDevice(a, a.address(), r.length, host -> {
            for (int i = 0; i < r.length; i++) {
                r[i] = read(a.dtype(), host + (long) i * a.dtype().bytes());
            }
        });
        return r;
    }

    static long[] longs(NDArray a) {
        long[] r = new long[length(a)];
        fromDevice(a, a.address(), r.length, host -> {
            for (int i = 0; i < r.length; i++) {
                long p = host + (long) i * a.dtype().bytes();
                r[i] = a.dtype() == DType.INT64 ? Memory.getLong(p) : (long) read(a.dtype(), p);
            }
        });
        return r;
    }

    static byte[] bytes(NDArray a) {
        byte[] r =
                new byte[Math.toIntExact(Math.multiplyExact(a.size(), a.dtype().bytes()))];
        fromDevice(a, a.address(), a.size(), host -> Memory.get(host, r, 0, r.length));
        return r;
    }

    static double first(NDArray a) {
        double[] r = new double[1];
        fromDevice(a, a.address(), 1, host -> r[0] = read(a.dtype(), host));
        return r[0];
    }

    static double at(NDArray a, long... index) {
        a.storage(); // complains of closed and of traced arrays
        if (index.length != a.shape().rank()) {
            throw new ShapeException(
                    "get: shape " + a.shape() + " needs " + a.shape().rank() + " indices, got " + index.length);
        }
        long element = 0;
        for (int i = 0; i < index.length; i++) {
            long d = a.shape().dim(i);
            long at = index[i] < 0 ? index[i] + d : index[i];
            if (at < 0 || at >= d) {
                throw new ShapeException("get: index " + index[i] + " is outside axis " + i + " of shape " + a.shape());
            }
            element += at * a.strides()[i];
        }
        double[] r = new double[1];
        fromDevice(a, a.address() + element * a.dtype().bytes(), 1, host -> r[0] = read(a.dtype(), host));
        return r[0];
    }

    private static int length(NDArray a) {
        if (a.size() > Integer.MAX_VALUE - 8) {
            throw new ShapeException("to array: " + a.spec() + " has " + a.size()
                    + " elements, more than a Java array holds; slice it first");
        }
        return (int) a.size();
    }

    private static void toDevice(NDArray to, LongConsumer write) {
        Backend b = to.backend();
        long bytes = to.size() * to.dtype().bytes();
        if (b.device().kind() == Device.Kind.CPU) {
            write.accept(to.address());
        } else if (bytes > 0) {
            long host = Memory.allocate(bytes);
            try {
                write.accept(host);
                b.copyFromHost(host, to.address(), bytes);
            } finally {
                Memory.free(host);
            }
        }
        to.storage().bumpVersion();
    }

    private static void fromDevice(NDArray a, long address, long count, LongConsumer read) {
        Backend b = a.backend();
        long bytes = count * a.dtype().bytes();
        if (b.device().kind() == Device.Kind.CPU) {
            read.accept(address);
        } else if (bytes > 0) {
            long host = Memory.allocate(bytes);
            try {
                b.copyToHost(address, host, bytes);
                read.accept(host);
            } finally {
                Memory.free(host);
            }
        }
        Reference.reachabilityFence(a);
    }

    private static double read(DType dtype, long p) {
        return switch (dtype) {
            case BOOL, UINT8 -> Memory.getByte(p) & 0xff;
            case INT32 -> Memory.getInt(p);
            case INT64 -> Memory.getLong(p);
            case FLOAT16 -> Float16.toFloat(Memory.getShort(p));
            case BFLOAT16 -> Float16.brainToFloat(Memory.getShort(p));
            case FLOAT32 -> Memory.getFloat(p);
            case FLOAT64 -> Memory.getDouble(p);
        };
    }

    private static void write(DType dtype, long p, double v) {
        switch (dtype) {
            case BOOL -> Memory.putByte(p, (byte) (v != 0 ? 1 : 0));
            case UINT8 -> Memory.putByte(p, (byte) (long) v);
            case INT32 -> Memory.putInt(p, (int) v);
            case INT64 -> Memory.putLong(p, (long) v);
            case FLOAT16 -> Memory.putShort(p, Float16.fromFloat((float) v));
            case BFLOAT16 -> Memory.putShort(p, Float16.brainFromFloat((float) v));
            case FLOAT32 -> Memory.putFloat(p, (float) v);
            case FLOAT64 -> Memory.putDouble(p, v);
        }
    }
}
