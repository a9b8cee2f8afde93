package io.kiln.spark.notebook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;

/**
 * The Zeppelin cell that the calling thread runs. Zeppelin's classes are accessed by reflection: they exist only if
 * Zeppelin has started the JVM.
 */
final class ZeppelinCell {
    private static final String CONTEXT = "org.apache.zeppelin.interpreter.InterpreterContext";

    /** Zeppelin's InterpreterOutput. */
    private final Object output;

    private ZeppelinCell(Object output) {
        this.output = output;
    }

    /** The cell, or null if the thread runs none. */
    static ZeppelinCell current() {
        for (ClassLoader loader :
                new ClassLoader[] {Thread.currentThread().getContextClassLoader(), ZeppelinCell.class.getClassLoader()
                }) {
            try {
                Class<?> type = Class.forName(CONTEXT, true, loader);
                Object context = type.getMethod("get").invoke(null);
                Object out = context == null ? null : type.getField("out").get(context);
                return out == null ? null : new ZeppelinCell(out);
            } catch (ClassNotFoundException e) {
                continue; // no Zeppelin here
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(
                        "notebook: unsupported version of Zeppelin, its InterpreterContext differs from that of 0.10:  "
                                + e,
                        e);
            }
        }
        return null;
    }

    /** Writes an output of a kind: html or table. Later output of the cell is text again. */
    void write(String kind, String content) {
        scala.Console.flush();
        call(output, "write", new Class<?>[] {String.class}, "\n%" + kind + " " + content + "\n\n%text ");
        call(output, "flush", new Class<?>[0]);
    }

    /** Writes an output that can be replaced later. */
    Replaceable replaceable(String html) {
        write("html", html);
        int index = (int) call(output, "size", new Class<?>[0]) - 2; // the text that follows goes into a new output
        return new Replaceable(call(output, "getOutputAt", new Class<?>[] {int.class}, index));
    }

    /** An output of the cell, Zeppelin's InterpreterResultMessageOutput. */
    record Replaceable(Object message) {
        void replace(String html) {
            call(message, "clear", new Class<?>[0]);
            call(message, "write", new Class<?>[] {String.class}, html);
            call(message, "flush", new Class<?>[0]);
        }
    }

    private static Object call(Object target, String method, Class<?>[] types, Object... arguments) {
        try {
            return target.getClass().getMethod(method, types).invoke(target, arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IOException io) {
                throw new UncheckedIOException("notebook: the cell cannot be written: " + io.getMessage(), io);
            }
            throw new IllegalStateException("notebook: the cell cannot be written: " + e.getCause(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "notebook: unsupported version of Zeppelin, another " + method + ": " + e, e);
        }
    }
}
