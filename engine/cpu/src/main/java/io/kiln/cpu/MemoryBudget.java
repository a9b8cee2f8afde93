package io.kiln.cpu;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;

/** The number of bytes that off-heap arrays may take. */
final class MemoryBudget {
    /** The property that sets the budget: bytes, or with suffix k, m or g. */
    static final String PROPERTY = "kiln.memory.limit";

    /** The remedy named if the budget is too small. */
    static final String REMEDY = "raise spark.executor.memoryOverhead (in local mode: the container's memory) or -D"
            + PROPERTY + "=8g, or use a smaller batch";

    private static final long LEAST = 512L << 20;

    private MemoryBudget() {}

    /** The budget of this JVM: the property, or else 80 % of the container's memory minus the maximum heap. */
    static long bytes() {
        String text = System.getProperty(PROPERTY);
        return text == null ? defaultBytes(total(), Runtime.getRuntime().maxMemory()) : parse(text);
    }

    static long defaultBytes(long total, long heap) {
        return Math.max(LEAST, total / 10 * 8 - heap);
    }

    static long parse(String text) {
        String t = text.trim().toLowerCase(Locale.ROOT);
        int unit = t.isEmpty() ? -1 : "kmg".indexOf(t.charAt(t.length() - 1));
        try {
            long number = Long.parseLong(unit < 0 ? t : t.substring(0, t.length() - 1));
            if (number > 0) {
                return Math.multiplyExact(number, 1L << 10 * (unit + 1));
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException(message(text), e);
        }
        throw new IllegalArgumentException(message(text));
    }

    private static String message(String text) {
        return PROPERTY + ": expected a number of bytes, or one with suffix k, m or g (8g), got '" + text + "'";
    }

    /** The memory of the machine, or of the control group if that is less. */
    static long total() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }
}
