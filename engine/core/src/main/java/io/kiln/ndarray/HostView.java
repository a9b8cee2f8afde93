package io.kiln.ndarray;

import io.kiln.ndarray.internal.Memory;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Memory that Java code reads and writes: an array's elements ({@link NDArray#read}, {@link NDArray#write},
 * {@link NDArray#update}), or newly allocated memory ({@link #allocate}). If the device's memory is not the host's, the
 * view is a copy that is written back when it is closed.
 *
 * <p>Numbers are in the processor's byte order. Every access is checked against the size.
 *
 * <p>Life cycle: close it; its slices end with it. Concurrency: as for an array: any number of threads may read, or one
 * may write.
 */
public final class HostView implements AutoCloseable {
    private final HostView root;
    private final Object owner;
    private final long address;
    private final long bytes;
    private final Runnable end;
    private boolean closed;

    private HostView(HostView root, Object owner, long address, long bytes, Runnable end) {
        this.root = root == null ? this : root;
        this.owner = owner;
        this.address = address;
        this.bytes = bytes;
        this.end = end;
    }

    /** A view of memory that its owner keeps allocated. */
    static HostView of(Object owner, long address, long bytes, Runnable end) {
        return new HostView(null, owner, address, bytes, end);
    }

    /**
     * Allocates off-heap memory.
     *
     * @param bytes its size, 0 or more; its content is arbitrary
     * @return the memory, freed when it is closed
     */
    public static HostView allocate(long bytes) {
        long address = Memory.allocate(Math.max(1, bytes));
        return new HostView(null, null, address, bytes, () -> Memory.free(address));
    }

    /**
     * Returns the memory of a buffer.
     *
     * @param buffer a direct buffer, not freed by this view
     * @return its bytes from 0 to its capacity
     */
    public static HostView of(ByteBuffer buffer) {
        return of(buffer, Memory.address(buffer), buffer.capacity(), null);
    }

    /**
     * Returns a part of this view, valid while this view is open.
     *
     * @param from first byte within this view
     * @param count its length
     * @return the part; closing it does nothing
     */
    public HostView slice(long from, long count) {
        return new HostView(root, owner, at(from, count), count, null);
    }

    /**
     * The address of the memory, for code that must pass it to the operating system or a native library.
     *
     * @return the address of the first byte
     */
    public long address() {
        return at(0, bytes);
    }

    /** {@return the length in bytes} */
    public long bytes() {
        return bytes;
    }

    private long at(long from, long count) {
        if (root.closed) {
            throw new IllegalStateException("host view: used after close");
        }
        Objects.checkFromIndexSize(from, count, bytes);
        return address + from;
    }

    /**
     * Copies numbers out.
     *
     * @param from first byte
     * @param to the destination
     * @param first index of the first number
     * @param count how many
     */
    public void get(long from, float[] to, int first, int count) {
        Memory.get(at(from, (long) Float.BYTES * count), to, first, count);
        Reference.reachabilityFence(this);
    }

    /**
     * Copies numbers out.
     *
     * @param from first byte
     * @param to the destination
     * @param first index of the first number
     * @param count how many
     */
    public void get(long from, double[] to, int first, int count) {
        Memory.get(at(from, (long) Double.BYTES * count), to, first, count);
        Reference.reachabilityFence(this);
    }

    /**
     * Copies numbers out.
     *
     * @param from first byte
     * @param to the destination
     * @param first index of the first number
     * @param count how many
     */
    public void get(long from, long[] to, int first, int count) {
        Memory.get(at(from, (long) Long.BYTES * count), to, first, count);
        Reference.reachabilityFence(this);
    }

    /**
     * Copies bytes out.
     *
     * @param from first byte
     * @param to the destination
     * @param first index of the first byte
     * @param count how many
     */
    public void get(long from, byte[] to, int first, int count) {
        Memory.get(at(from, count), to, first, count);
        Reference.reachabilityFence(this);
    }

    /**
     * Copies numbers in.
     *
     * @param to first byte
     * @param from the numbers
     * @param first index of the first number
     * @param count how many
     */
    public void put(long to, float[] from, int first, int count) {
        Memory.put(from, first, at(to, (long) Float.BYTES * count), count);
        Reference.reachabilityFence(this);
    }

    /**
     * Copies numbers in.
     *
     * @param to first byte
     * @param from the numbers
     * @param first index of the first number
     * @param count how many
     */
    public void put(long to, double[] from, int first, int count) {
        Memory.put(from, first, at(to, (long) Double.BYTES * count), count);
        Reference.reachabilityFence(this);
    }

    /**
     * Copies numbers in.
     *
     * @param to first byte
     * @param from the numbers
     * @param first index of the first number
     * @param count how many
     */
    public void put(long to, long[] from, int first, int count) {
        Memory.put(from, first, at(to, (long) Long.BYTES * count), count);
        Reference.reachabilityFence(this);
    }

    /**
     * Copies bytes in.
     *
     * @param to first byte
     * @param from the bytes
     * @param first index of the first byte
     * @param count how many
     */
    public void put(long to, byte[] from, int first, int count) {
        Memory.put(from, first, at(to, count), count);
        Reference.reachabilityFence(this);
    }

    /**
     * Overwrites the whole view with other memory.
     *
     * @param from memory of the same length; the two may overlap
     */
    public void copyFrom(HostView from) {
        if (from.bytes != bytes) {
            throw new IllegalArgumentException(
                    "copyFrom: needs memory of " + bytes + " bytes, got " + from.bytes + " bytes");
        }
        Memory.copy(from.at(0, bytes), at(0, bytes), bytes);
        Reference.reachabilityFence(from);
        Reference.reachabilityFence(this);
    }

    /**
     * Overwrites every byte.
     *
     * @param value the byte
     */
    public void fill(byte value) {
        Memory.fill(at(0, bytes), bytes, value);
        Reference.reachabilityFence(this);
    }

    /** Ends the view, and writes it back or frees it if necessary. Closing twice, or closing a slice, does nothing. */
    @Override
    public void close() {
        if (root == this && !closed) {
            closed = true;
            if (end != null) {
                end.run();
            }
            Reference.reachabilityFence(owner);
        }
    }
}
