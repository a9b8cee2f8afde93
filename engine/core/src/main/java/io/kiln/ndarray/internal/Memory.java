package io.kiln.ndarray.internal;

import java.lang.invoke.MethodHandle;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Raw off-heap memory by native address: the only class that accesses it. It uses {@code sun.misc.Unsafe} through
 * constant method handles, which HotSpot inlines; the foreign-memory API will replace it when support for Java 17 ends.
 *
 * <p>Nothing is checked here: accessing an address outside an allocation crashes the process. Callers check shapes and
 * sizes first.
 */
public final class Memory {
    private static final MethodHandle ALLOCATE = UnsafeHandles.handle("allocateMemory", long.class, long.class);
    private static final MethodHandle FREE = UnsafeHandles.handle("freeMemory", void.class, long.class);
    private static final MethodHandle FILL =
            UnsafeHandles.handle("setMemory", void.class, long.class, long.class, byte.class);
    private static final MethodHandle COPY =
            UnsafeHandles.handle("copyMemory", void.class, long.class, long.class, long.class);
    private static final MethodHandle COPY_OBJECT = UnsafeHandles.handle(
            "copyMemory", void.class, Object.class, long.class, Object.class, long.class, long.class);

    private static final MethodHandle GET_FLOAT = UnsafeHandles.handle("getFloat", float.class, long.class);
    private static final MethodHandle PUT_FLOAT = UnsafeHandles.handle("putFloat", void.class, long.class, float.class);
    private static final long BASE_FLOAT = UnsafeHandles.base(float[].class);
    private static final MethodHandle GET_DOUBLE = UnsafeHandles.handle("getDouble", double.class, long.class);
    private static final MethodHandle PUT_DOUBLE =
            UnsafeHandles.handle("putDouble", void.class, long.class, double.class);
    private static final long BASE_DOUBLE = UnsafeHandles.base(double[].class);
    private static final MethodHandle GET_INT = UnsafeHandles.handle("getInt", int.class, long.class);
    private static final MethodHandle PUT_INT = UnsafeHandles.handle("putInt", void.class, long.class, int.class);
    private static final long BASE_INT = UnsafeHandles.base(int[].class);
    private static final MethodHandle GET_LONG = UnsafeHandles.handle("getLong", long.class, long.class);
    private static final MethodHandle PUT_LONG = UnsafeHandles.handle("putLong", void.class, long.class, long.class);
    private static final long BASE_LONG = UnsafeHandles.base(long[].class);
    private static final MethodHandle GET_BYTE = UnsafeHandles.handle("getByte", byte.class, long.class);
    private static final MethodHandle PUT_BYTE = UnsafeHandles.handle("putByte", void.class, long.class, byte.class);
    private static final long BASE_BYTE = UnsafeHandles.base(byte[].class);
    private static final MethodHandle GET_SHORT = UnsafeHandles.handle("getShort", short.class, long.class);
    private static final MethodHandle PUT_SHORT = UnsafeHandles.handle("putShort", void.class, long.class, short.class);
    private static final long BASE_SHORT = UnsafeHandles.base(short[].class);
    private static final MethodHandle GET_FIELD = UnsafeHandles.handle("getLong", long.class, Object.class, long.class);
    private static final long BUFFER_ADDRESS = UnsafeHandles.field(Buffer.class, "address");

    private Memory() {}

    /** Other devices use handles below 0, where no process has memory: tests catch their use as addresses. */
    private static boolean isHost(long address) {
        if (address < 0) {
            throw new IllegalStateException("memory: " + Long.toHexString(address)
                    + " is no address but a block of another device; read the array by NDArray.read()");
        }
        return true;
    }

    private static RuntimeException failed(Throwable t) {
        if (t instanceof Error e) {
            throw e;
        }
        return t instanceof RuntimeException r ? r : new IllegalStateException(t);
    }

    /**
     * Allocates uninitialised memory, aligned to at least 16 bytes.
     *
     * @param bytes its size, at least 1
     * @return its address
     * @throws OutOfMemoryError if the system refuses
     */
    public static long allocate(long bytes) {
        try {
            return (long) ALLOCATE.invokeExact(bytes);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Returns the address of a buffer's memory. The memory lives as long as the buffer: keep a reference to it.
     *
     * @param buffer a direct or mapped buffer
     * @return the address of its index 0
     * @throws IllegalArgumentException for a buffer on the heap
     */
    public static long address(ByteBuffer buffer) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("memory: a buffer on the heap has no fixed address");
        }
        try {
            return (long) GET_FIELD.invokeExact((Object) buffer, BUFFER_ADDRESS);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Frees memory allocated by {@link #allocate}.
     *
     * @param address the address
     */
    public static void free(long address) {
        assert isHost(address);
        try {
            FREE.invokeExact(address);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Sets every byte.
     *
     * @param address first byte
     * @param bytes number of bytes
     * @param value the value
     */
    public static void fill(long address, long bytes, byte value) {
        assert isHost(address);
        try {
            FILL.invokeExact(address, bytes, value);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies bytes between addresses; the ranges may overlap.
     *
     * @param from source address
     * @param to destination address
     * @param bytes number of bytes
     */
    public static void copy(long from, long to, long bytes) {
        assert isHost(from);
        assert isHost(to);
        try {
            COPY.invokeExact(from, to, bytes);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from memory into a Java array.
     *
     * @param from source address
     * @param to destination array
     * @param start first index of the destination
     * @param count number of elements
     */
    public static void get(long from, float[] to, int start, int count) {
        assert isHost(from);
        Objects.checkFromIndexSize(start, count, to.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) null, from, (Object) to, BASE_FLOAT + ((long) start << 2), (long) count << 2);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from a Java array into memory.
     *
     * @param from source array
     * @param start first index of the source
     * @param to destination address
     * @param count number of elements
     */
    public static void put(float[] from, int start, long to, int count) {
        assert isHost(to);
        Objects.checkFromIndexSize(start, count, from.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) from, BASE_FLOAT + ((long) start << 2), (Object) null, to, (long) count << 2);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies the bits of floats into ints, because some loops vectorise over ints but not over floats.
     *
     * @param from source array
     * @param to destination array
     * @param count number of elements, from index 0
     */
    public static void copyBits(float[] from, int[] to, int count) {
        Objects.checkFromIndexSize(0, count, Math.min(from.length, to.length));
        try {
            COPY_OBJECT.invokeExact((Object) from, BASE_FLOAT, (Object) to, BASE_INT, (long) count << 2);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies ints into floats with the same bits.
     *
     * @param from source array
     * @param to destination array
     * @param count number of elements, from index 0
     */
    public static void copyBits(int[] from, float[] to, int count) {
        Objects.checkFromIndexSize(0, count, Math.min(from.length, to.length));
        try {
            COPY_OBJECT.invokeExact((Object) from, BASE_INT, (Object) to, BASE_FLOAT, (long) count << 2);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Reads one float.
     *
     * @param address its address
     * @return the value
     */
    public static float getFloat(long address) {
        assert isHost(address);
        try {
            return (float) GET_FLOAT.invokeExact(address);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Writes one float.
     *
     * @param address its address
     * @param value the value
     */
    public static void putFloat(long address, float value) {
        assert isHost(address);
        try {
            PUT_FLOAT.invokeExact(address, value);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from memory into a Java array.
     *
     * @param from source address
     * @param to destination array
     * @param start first index of the destination
     * @param count number of elements
     */
    public static void get(long from, double[] to, int start, int count) {
        assert isHost(from);
        Objects.checkFromIndexSize(start, count, to.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) null, from, (Object) to, BASE_DOUBLE + ((long) start << 3), (long) count << 3);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from a Java array into memory.
     *
     * @param from source array
     * @param start first index of the source
     * @param to destination address
     * @param count number of elements
     */
    public static void put(double[] from, int start, long to, int count) {
        assert isHost(to);
        Objects.checkFromIndexSize(start, count, from.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) from, BASE_DOUBLE + ((long) start << 3), (Object) null, to, (long) count << 3);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Reads one double.
     *
     * @param address its address
     * @return the value
     */
    public static double getDouble(long address) {
        assert isHost(address);
        try {
            return (double) GET_DOUBLE.invokeExact(address);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Writes one double.
     *
     * @param address its address
     * @param value the value
     */
    public static void putDouble(long address, double value) {
        assert isHost(address);
        try {
            PUT_DOUBLE.invokeExact(address, value);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from memory into a Java array.
     *
     * @param from source address
     * @param to destination array
     * @param start first index of the destination
     * @param count number of elements
     */
    public static void get(long from, int[] to, int start, int count) {
        assert isHost(from);
        Objects.checkFromIndexSize(start, count, to.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) null, from, (Object) to, BASE_INT + ((long) start << 2), (long) count << 2);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from a Java array into memory.
     *
     * @param from source array
     * @param start first index of the source
     * @param to destination address
     * @param count number of elements
     */
    public static void put(int[] from, int start, long to, int count) {
        assert isHost(to);
        Objects.checkFromIndexSize(start, count, from.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) from, BASE_INT + ((long) start << 2), (Object) null, to, (long) count << 2);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Reads one int.
     *
     * @param address its address
     * @return the value
     */
    public static int getInt(long address) {
        assert isHost(address);
        try {
            return (int) GET_INT.invokeExact(address);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Writes one int.
     *
     * @param address its address
     * @param value the value
     */
    public static void putInt(long address, int value) {
        assert isHost(address);
        try {
            PUT_INT.invokeExact(address, value);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from memory into a Java array.
     *
     * @param from source address
     * @param to destination array
     * @param start first index of the destination
     * @param count number of elements
     */
    public static void get(long from, long[] to, int start, int count) {
        assert isHost(from);
        Objects.checkFromIndexSize(start, count, to.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) null, from, (Object) to, BASE_LONG + ((long) start << 3), (long) count << 3);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from a Java array into memory.
     *
     * @param from source array
     * @param start first index of the source
     * @param to destination address
     * @param count number of elements
     */
    public static void put(long[] from, int start, long to, int count) {
        assert isHost(to);
        Objects.checkFromIndexSize(start, count, from.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) from, BASE_LONG + ((long) start << 3), (Object) null, to, (long) count << 3);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Reads one long.
     *
     * @param address its address
     * @return the value
     */
    public static long getLong(long address) {
        assert isHost(address);
        try {
            return (long) GET_LONG.invokeExact(address);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Writes one long.
     *
     * @param address its address
     * @param value the value
     */
    public static void putLong(long address, long value) {
        assert isHost(address);
        try {
            PUT_LONG.invokeExact(address, value);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from memory into a Java array.
     *
     * @param from source address
     * @param to destination array
     * @param start first index of the destination
     * @param count number of elements
     */
    public static void get(long from, byte[] to, int start, int count) {
        assert isHost(from);
        Objects.checkFromIndexSize(start, count, to.length);
        try {
            COPY_OBJECT.invokeExact((Object) null, from, (Object) to, BASE_BYTE + start, (long) count);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from a Java array into memory.
     *
     * @param from source array
     * @param start first index of the source
     * @param to destination address
     * @param count number of elements
     */
    public static void put(byte[] from, int start, long to, int count) {
        assert isHost(to);
        Objects.checkFromIndexSize(start, count, from.length);
        try {
            COPY_OBJECT.invokeExact((Object) from, BASE_BYTE + start, (Object) null, to, (long) count);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Reads one byte.
     *
     * @param address its address
     * @return the value
     */
    public static byte getByte(long address) {
        assert isHost(address);
        try {
            return (byte) GET_BYTE.invokeExact(address);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Writes one byte.
     *
     * @param address its address
     * @param value the value
     */
    public static void putByte(long address, byte value) {
        assert isHost(address);
        try {
            PUT_BYTE.invokeExact(address, value);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from memory into a Java array.
     *
     * @param from source address
     * @param to destination array
     * @param start first index of the destination
     * @param count number of elements
     */
    public static void get(long from, short[] to, int start, int count) {
        assert isHost(from);
        Objects.checkFromIndexSize(start, count, to.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) null, from, (Object) to, BASE_SHORT + ((long) start << 1), (long) count << 1);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Copies elements from a Java array into memory.
     *
     * @param from source array
     * @param start first index of the source
     * @param to destination address
     * @param count number of elements
     */
    public static void put(short[] from, int start, long to, int count) {
        assert isHost(to);
        Objects.checkFromIndexSize(start, count, from.length);
        try {
            COPY_OBJECT.invokeExact(
                    (Object) from, BASE_SHORT + ((long) start << 1), (Object) null, to, (long) count << 1);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Reads one short.
     *
     * @param address its address
     * @return the value
     */
    public static short getShort(long address) {
        assert isHost(address);
        try {
            return (short) GET_SHORT.invokeExact(address);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /**
     * Writes one short.
     *
     * @param address its address
     * @param value the value
     */
    public static void putShort(long address, short value) {
        assert isHost(address);
        try {
            PUT_SHORT.invokeExact(address, value);
        } catch (Throwable t) {
            throw failed(t);
        }
    }
}
