package io.kiln.ndarray;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Mirror;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.backend.Waits;
import io.kiln.ndarray.internal.Memory;
import java.time.Duration;
import java.util.function.LongConsumer;

/** Copies between Java arrays and row-major device arrays, with conversion. */
final class HostCopy {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Integers up to this many bytes stay known to the host when it has written them. */
    private static final long KNOWN_BYTES = 8 << 20;

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
        if (to.size() > 0) {
            Context.current().queue(to.backend()).fill(to.span(0, to.size()), (byte) 0);
        }
        to.storage().bumpVersion();
    }

    static float[] floats(NDArray a) {
        float[] r = new float[length(a)];
        fromDevice(a, 0, r.length, host -> {
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
        fromDevice(a, 0, r.length, host -> {
            for (int i = 0; i < r.length; i++) {
                r[i] = read(a.dtype(), host + (long) i * a.dtype().bytes());
            }
        });
        return r;
    }

    static long[] longs(NDArray a) {
        long[] r = new long[length(a)];
        fromDevice(a, 0, r.length, host -> {
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
        fromDevice(a, 0, a.size(), host -> Memory.get(host, r, 0, r.length));
        return r;
    }

    static double first(NDArray a) {
        double[] r = new double[1];
        fromDevice(a, 0, 1, host -> r[0] = read(a.dtype(), host));
        return r[0];
    }

    static double at(NDArray a, long... index) {
        a.storage(); // throws for closed and for traced arrays
        long element = place("get", a, index);
        double[] r = new double[1];
        fromDevice(a, element, 1, host -> r[0] = read(a.dtype(), host));
        return r[0];
    }

    /** The offset of an element from the first one, in elements. */
    static long place(String operation, NDArray a, long... index) {
        if (index.length != a.shape().rank()) {
            throw new ShapeException(operation + ": shape " + a.shape() + " needs "
                    + a.shape().rank() + " indices, got " + index.length);
        }
        long element = 0;
        for (int i = 0; i < index.length; i++) {
            long d = a.shape().dim(i);
            long at = index[i] < 0 ? index[i] + d : index[i];
            if (at < 0 || at >= d) {
                throw new IndexOutOfBoundsException(operation + ": index " + index[i] + " is outside axis " + i
                        + " of shape " + a.shape()
                        + (d == 0 ? ", which is empty" : "; it must be from " + -d + " to " + (d - 1)));
            }
            element += at * a.strides()[i];
        }
        return element;
    }

    private static int length(NDArray a) {
        if (a.size() > Integer.MAX_VALUE - 8) {
            throw new ShapeException("to array: " + a.spec() + " has " + a.size()
                    + " elements, more than a Java array holds; slice it first");
        }
        return (int) a.size();
    }

    private static void toDevice(NDArray to, LongConsumer write) {
        try (HostView host = view(to, 0, to.size(), Use.WRITE)) {
            write.accept(host.address());
        }
    }

    private static void fromDevice(NDArray a, long start, long count, LongConsumer read) {
        try (HostView host = view(a, start, count, Use.READ)) {
            read.accept(host.address());
        }
    }

    /** How Java uses the elements. */
    enum Use {
        READ,
        WRITE,
        UPDATE
    }

    /** A view of contiguous elements. */
    static HostView view(NDArray a, long start, long count, Use use) {
        Backend b = a.backend();
        Span device = a.span(start, count);
        Storage storage = device.storage();
        if (b.traits().hostAddressable()) {
            long address = storage.address() + device.offset();
            return HostView.of(a, address, device.bytes(), use == Use.READ ? null : storage::bumpVersion);
        }
        HostView known = use == Use.READ && count > 0 ? known(a, device) : null;
        if (known != null) {
            return known;
        }
        Span host = Span.of(b.hostMemory().allocate(b, device.bytes()));
        if (use != Use.WRITE && count > 0) {
            fetch(b, host, device);
        }
        return HostView.of(a, host.storage().address(), device.bytes(), () -> {
            if (use != Use.READ) {
                if (count > 0) {
                    Context.current().queue(b).copy(device, host);
                }
                storage.bumpVersion();
            }
            boolean integers = a.dtype() == DType.INT32 || a.dtype() == DType.INT64;
            if (use != Use.READ && integers && host.bytes() <= KNOWN_BYTES) {
                storage.mirror(new Mirror(host.storage(), device.offset(), storage.version(), null, 0));
            } else {
                host.storage().release();
            }
        });
    }

    private static void fetch(Backend b, Span host, Span device) {
        try {
            Context context = Context.current();
            context.queue(b).copy(host, device);
            context.waits(b).synchronize(PATIENCE);
        } catch (RuntimeException | Error e) {
            host.storage().release();
            throw e;
        }
    }

    /** The elements as the host knows them, after a wait if their copy is under way; null when it does not know them. */
    private static HostView known(NDArray a, Span device) {
        Mirror mirror = device.storage().mirrorOf(device);
        if (mirror == null) {
            return null;
        }
        Waits waits = Context.current().waits(a.backend());
        if (!mirror.isFor(waits)) {
            mirror.host().release();
            return null;
        }
        try {
            if (!mirror.hasArrived()) {
                waits.synchronize(PATIENCE);
            }
        } catch (RuntimeException | Error e) {
            mirror.host().release();
            throw e;
        }
        long address = mirror.host().address() + device.offset() - mirror.offset();
        return HostView.of(a, address, device.bytes(), mirror.host()::release);
    }

    /** Gives the copy of row-major elements to the queue, without waiting for it. */
    static void prefetch(NDArray a) {
        Backend b = a.backend();
        if (b.traits().hostAddressable() || a.size() == 0) {
            return;
        }
        Span device = a.span(0, a.size());
        Waits waits = Context.current().waits(b);
        Mirror known = device.storage().mirrorOf(device);
        if (known != null) {
            known.host().release();
            if (known.isFor(waits)) {
                return;
            }
        }
        Span host = Span.of(b.hostMemory().allocate(b, device.bytes()));
        Context.current().queue(b).copy(host, device);
        device.storage()
                .mirror(new Mirror(
                        host.storage(), device.offset(), device.storage().version(), waits, waits.count()));
    }

    /** Whether elements are read without a wait. */
    static boolean isKnown(NDArray a) {
        if (a.backend().traits().hostAddressable() || a.size() == 0) {
            return true;
        }
        Span device = a.span(0, a.size());
        Mirror mirror = a.isContiguous() ? device.storage().mirrorOf(device) : null;
        if (mirror == null) {
            return false;
        }
        mirror.host().release();
        return mirror.isFor(Context.current().waits(a.backend())) && mirror.hasArrived();
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
