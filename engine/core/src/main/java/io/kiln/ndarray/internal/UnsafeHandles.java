package io.kiln.ndarray.internal;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;

/** Finds the methods of {@code sun.misc.Unsafe} for {@link Memory}. */
final class UnsafeHandles {
    private static final Object UNSAFE = unsafe();

    private UnsafeHandles() {}

    private static Object unsafe() {
        try {
            Field f = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
            f.setAccessible(true);
            return f.get(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("memory: this JVM has no sun.misc.Unsafe (module jdk.unsupported)", e);
        }
    }

    static MethodHandle handle(String name, Class<?> result, Class<?>... arguments) {
        try {
            return MethodHandles.lookup()
                    .findVirtual(UNSAFE.getClass(), name, MethodType.methodType(result, arguments))
                    .bindTo(UNSAFE);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("memory: sun.misc.Unsafe." + name + " is missing in this JVM", e);
        }
    }

    static long base(Class<?> array) {
        try {
            MethodHandle h = handle("arrayBaseOffset", int.class, Class.class);
            return (int) h.invokeExact(array);
        } catch (Throwable t) {
            throw new IllegalStateException("memory: sun.misc.Unsafe failed", t);
        }
    }

    static long field(Class<?> of, String name) {
        try {
            MethodHandle h = handle("objectFieldOffset", long.class, Field.class);
            return (long) h.invokeExact(of.getDeclaredField(name));
        } catch (Throwable t) {
            throw new IllegalStateException("memory: sun.misc.Unsafe failed", t);
        }
    }
}
