package io.kiln.cuda;

/** How many bytes arrays may take on a device. */
final class MemoryLimit {
    /** The property that sets the limit in MiB. */
    static final String PROPERTY = "kiln.cuda.memoryMiB";

    /** The property that sets the limit as a fraction of the device's memory. */
    static final String FRACTION = "kiln.cuda.memoryFraction";

    private static final double STANDARD = 0.9;

    private MemoryLimit() {}

    /** The limit: the first property, otherwise the fraction, 0.9 unless set, of the device's memory. */
    static long bytes(CudaDevice device) {
        Long given = Long.getLong(PROPERTY);
        if (given != null && given <= 0) {
            throw new IllegalArgumentException(PROPERTY + ": needs a number of MiB above 0, got " + given);
        }
        return given != null ? Math.multiplyExact(given, 1L << 20) : (long) (device.memory() * fraction());
    }

    private static double fraction() {
        String text = System.getProperty(FRACTION);
        double fraction = text == null ? STANDARD : number(text);
        if (!(fraction > 0 && fraction <= 1)) {
            throw new IllegalArgumentException(FRACTION + ": needs a number above 0, at most 1, got " + text);
        }
        return fraction;
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(FRACTION + ": needs a number above 0, at most 1, got " + text, e);
        }
    }

    /** What the message of an allocation that fails ends with: who else holds memory, and what to lower. */
    static String remedy(CudaDevice device) {
        return "the driver has " + device.freeMemory() + " of " + device.memory() + " bytes of " + device.name()
                + " left for all processes; use a smaller batch, or raise -D" + PROPERTY + " or -D" + FRACTION;
    }
}
