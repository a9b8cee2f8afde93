package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** JCuda's natives, made for CUDA 12, ask for the libraries of CUDA 13 instead. */
class ElfPatchTest {
    private static byte[] nativeOf(String binding) throws IOException {
        try (InputStream in =
                ElfPatchTest.class.getResourceAsStream("/lib/lib" + binding + "-12.6.0-linux-x86_64.so")) {
            return in.readAllBytes();
        }
    }

    /** The hashes are those that the linker has written for both names. */
    @ParameterizedTest
    @CsvSource({
        "libcublas.so.12, 0x0ef62132", "libcublas.so.13, 0x0ef62133",
        "libnvrtc.so.12, 0x0bcddfc2", "libnvrtc.so.13, 0x0bcddfc3"
    })
    void hashesAreThoseOfElf(String name, String hash) {
        assertEquals(Integer.decode(hash), ElfPatch.hash(name));
    }

    @ParameterizedTest
    @CsvSource({"JNvrtc, libnvrtc.so", "JCublas2, libcublas.so"})
    void nameAndVersionAreReplacedAndNothingElse(String binding, String library) throws IOException {
        byte[] file = nativeOf(binding);
        byte[] patched = ElfPatch.rename(file, library + ".12", library + ".13");
        assertEquals(file.length, patched.length);
        int changed = 0;
        for (int i = 0; i < file.length; i++) {
            changed += file[i] != patched[i] ? 1 : 0;
        }
        String text = new String(patched, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains("\0" + library + ".13\0"));
        assertTrue(!text.contains("\0" + library + ".12\0"));
        assertEquals(2, changed, "the last digit of the name, and of the hash");
        assertArrayEquals(file, ElfPatch.rename(patched, library + ".13", library + ".12"));
    }

    @Test
    void aFileThatDoesNotNeedTheLibraryIsRefused() throws IOException {
        byte[] file = nativeOf("JNvrtc");
        IllegalStateException e = assertThrows(
                IllegalStateException.class, () -> ElfPatch.rename(file, "libcublas.so.12", "libcublas.so.13"));
        assertTrue(e.getMessage().contains("should need libcublas.so.12"), e.getMessage());
    }
}
