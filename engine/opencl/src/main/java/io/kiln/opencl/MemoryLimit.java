package io.kiln.opencl;

/** How many bytes arrays may take on a device. */
final class MemoryLimit {
    /** The property that sets the limit in MiB. */
    static final String PROPERTY = "kiln.opencl.memoryMiB";

    /** The remedy named when the limit is too small. */
    static final String REMEDY = "use a smaller batch, or raise -D" + PROPERTY;

    private MemoryLimit() {}

    /** The limit of a device: the property, otherwise 90 % of its memory, a quarter where it shares that of the host. */
    static long bytes(OpenClDevice device) {
        Long given = Long.getLong(PROPERTY);
        if (given != null && given <= 0) {
            throw new IllegalArgumentException(PROPERTY + ": needs a number of MiB above 0, got " + given);
        }
        return given != null
                ? Math.multiplyExact(given, 1L << 20)
                : device.isProcessor() ? device.memory() / 4 : device.memory() / 10 * 9;
    }
}
