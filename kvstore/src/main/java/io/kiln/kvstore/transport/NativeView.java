package io.kiln.kvstore.transport;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.nio.Buffer;
import java.nio.ByteBuffer;

/**
 * Presents native memory as a {@link ByteBuffer}, which Netty reads and writes. Nothing is copied or owned: the memory
 * must outlive the view.
 */
final class NativeView {
    private static final ByteBuffer TEMPLATE = ByteBuffer.allocateDirect(1);
    private static final Object UNSAFE = unsafe();
    private static final MethodHandle PUT_LONG = handle("putLong", void.class, Object.class, long.class, long.class);
    private static final MethodHandle PUT_INT = handle("putInt", void.class, Object.class, long.class, int.class);
    private static final long ADDRESS = offset("address");
    private static final long CAPACITY = offset("capacity");

    private NativeView() {}

    /**
     * Creates a view of memory.
     *
     * @param address first byte
     * @param bytes number of bytes
     * @return a buffer with position 0, limit and capacity = bytes, big-endian
     */
    static ByteBuffer of(long address, int bytes) {
        ByteBuffer view = TEMPLATE.duplicate();
        try {
            PUT_LONG.invokeExact((Object) view, ADDRESS, address);
            PUT_INT.invokeExact((Object) view, CAPACITY, bytes);
        } catch (Throwable t) {
            throw new IllegalStateException("transport: cannot view native memory as a buffer", t);
        }
        return view.clear();
    }

    private static Object unsafe() {
        try {
            Field f = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
            f.setAccessible(true);
            return f.get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("transport: this JVM has no sun.misc.Unsafe (module jdk.unsupported)", e);
        }
    }

    private static MethodHandle handle(String name, Class<?> result, Class<?>... arguments) {
        try {
            return MethodHandles.lookup()
                    .findVirtual(UNSAFE.getClass(), name, MethodType.methodType(result, arguments))
                    .bindTo(UNSAFE);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("transport: sun.misc.Unsafe." + name + " is missing in this JVM", e);
        }
    }

    private static long offset(String field) {
        try {
            MethodHandle h = handle("objectFieldOffset", long.class, Field.class);
            return (long) h.invokeExact(Buffer.class.getDeclaredField(field));
        } catch (Throwable t) {
            throw new IllegalStateException("transport: java.nio.Buffer has no field " + field, t);
        }
    }
}
