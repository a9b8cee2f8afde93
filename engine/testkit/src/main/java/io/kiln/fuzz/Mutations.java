package io.kiln.fuzz;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;

/**
 * Feeds damaged copies of a file to a reader. Each copy follows from a seed that a failure prints; the first one is taken from
 * the system property {@code kiln.fuzz.seed}, or from the clock.
 */
public final class Mutations {
    private static final String[] TOKENS = {
        "-1",
        "0",
        "9223372036854775807",
        "99999999999999999999999",
        "1e308",
        "\"\"",
        "null",
        "true",
        "[]",
        "{}",
        "[[",
        "}}",
        "\\u0000",
        "-9223372036854775808",
        "2147483648",
        "\"a\":",
        ","
    };
    /** The most that reading a copy may take from the heap, whatever sizes it states. */
    private static final long MAX_HEAP_BYTES = 16 << 20;

    private Mutations() {}

    /** Reads a copy. */
    public interface Reader {
        /**
         * Reads a copy.
         *
         * @param copy a damaged file
         * @throws Exception as the reader refuses it
         */
        void read(byte[] copy) throws Exception;
    }

    /**
     * Reads damaged copies; each must be read, or be refused by one kind of exception with a message.
     *
     * @param good the file
     * @param count how many copies
     * @param refusal the kind of exception
     * @param prefixes what its messages begin with, one of them
     * @param reader the reader
     * @return how many copies were refused
     */
    public static int run(
            byte[] good, int count, Class<? extends Exception> refusal, String[] prefixes, Reader reader) {
        long first = Long.getLong("kiln.fuzz.seed", System.nanoTime());
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        int refused = 0;
        for (long seed = first; seed < first + count; seed++) {
            String name = "copy of -Dkiln.fuzz.seed=" + seed;
            byte[] copy = damaged(good, new Random(seed));
            long before = threads.getCurrentThreadAllocatedBytes();
            try {
                reader.read(copy);
            } catch (Exception | StackOverflowError | OutOfMemoryError e) {
                boolean clear = refusal.isInstance(e)
                        && e.getMessage() != null
                        && Arrays.stream(prefixes).anyMatch(e.getMessage()::startsWith);
                if (!clear) {
                    throw new AssertionError(name + " was refused by " + e, e);
                }
                refused++;
            }
            long taken = threads.getCurrentThreadAllocatedBytes() - before;
            if (taken > MAX_HEAP_BYTES) {
                throw new AssertionError(name + " of " + copy.length + " bytes took " + taken + " bytes of heap");
            }
        }
        return refused;
    }

    private static byte[] damaged(byte[] good, Random random) {
        byte[] copy = good;
        for (int k = random.nextInt(3); k >= 0; k--) {
            int at = random.nextInt(copy.length + 1);
            int end = Math.min(copy.length, at + random.nextInt(40));
            copy = switch (random.nextInt(6)) {
                case 0 -> replaced(copy, at, Math.min(copy.length, at + 1), new byte[] {(byte) random.nextInt(256)});
                case 1 -> replaced(copy, at, end, new byte[0]);
                case 2 -> replaced(copy, at, at, Arrays.copyOfRange(good, 0, random.nextInt(good.length)));
                case 3 -> Arrays.copyOf(copy, at);
                case 4 -> replaced(copy, at, end, token(random));
                default -> number(copy, at, token(random));
            };
        }
        return copy;
    }

    private static byte[] token(Random random) {
        return TOKENS[random.nextInt(TOKENS.length)].getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    /** The next number or word behind a place becomes another token. */
    private static byte[] number(byte[] copy, int from, byte[] token) {
        int at = from;
        while (at < copy.length && !Character.isLetterOrDigit(copy[at])) {
            at++;
        }
        int end = at;
        while (end < copy.length && Character.isLetterOrDigit(copy[end])) {
            end++;
        }
        return replaced(copy, at, end, token);
    }

    private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
        byte[] result = new byte[bytes.length - (to - from) + by.length];
        System.arraycopy(bytes, 0, result, 0, from);
        System.arraycopy(by, 0, result, from, by.length);
        System.arraycopy(bytes, to, result, from + by.length, bytes.length - to);
        return result;
    }
}
