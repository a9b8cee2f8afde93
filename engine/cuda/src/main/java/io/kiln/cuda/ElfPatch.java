package io.kiln.cuda;

import java.nio.charset.StandardCharsets;

/**
 * Lets a library that was linked against one major version of another load a later one: the name is replaced where the file needs it
 * ({@code DT_NEEDED} and the name of the version, one string), and so is the hash of the version's name. Both names have one length.
 */
final class ElfPatch {
    private static final int WORD = 4;

    private ElfPatch() {}

    /**
     * The file with another name of a needed library.
     *
     * @param file the file
     * @param from the name that it needs, such as {@code libcublas.so.12}
     * @param to the name to need, of the same length
     * @return the patched copy
     * @throws IllegalStateException if the file does not need the library
     */
    static byte[] rename(byte[] file, String from, String to) {
        byte[] patched = file.clone();
        byte[] old = ('\0' + from + '\0').getBytes(StandardCharsets.US_ASCII);
        byte[] now = ('\0' + to + '\0').getBytes(StandardCharsets.US_ASCII);
        int names = 0;
        for (int i = 0; i + old.length <= patched.length; i++) {
            if (matches(patched, i, old)) {
                System.arraycopy(now, 0, patched, i, now.length);
                names++;
            }
        }
        byte[] oldHash = word(hash(from));
        byte[] newHash = word(hash(to));
        int hashes = 0;
        for (int i = 0; i + WORD <= patched.length; i += WORD) {
            if (matches(patched, i, oldHash)) {
                System.arraycopy(newHash, 0, patched, i, WORD);
                hashes++;
            }
        }
        if (names == 0 || hashes != 1) {
            throw new IllegalStateException("cuda: a library that should need " + from + " names it " + names
                    + " times and has its version " + hashes + " times; expected at least one name and one version");
        }
        return patched;
    }

    private static boolean matches(byte[] bytes, int at, byte[] pattern) {
        for (int i = 0; i < pattern.length; i++) {
            if (bytes[at + i] != pattern[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] word(int value) {
        return new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)};
    }

    /** The hash of names in ELF (System V ABI). */
    static int hash(String name) {
        int h = 0;
        for (byte b : name.getBytes(StandardCharsets.US_ASCII)) {
            h = (h << 4) + b;
            int high = h & 0xf0000000;
            h = (h ^ high >>> 24) & ~high;
        }
        return h;
    }
}
