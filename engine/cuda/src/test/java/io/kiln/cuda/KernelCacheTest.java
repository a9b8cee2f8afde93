package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compiled kernels are found again, and damaged ones are not. */
class KernelCacheTest {
    private static final String KEY = KernelCache.key("source", "options", "12.6");

    @TempDir
    Path folder;

    @Test
    void whatWasKeptIsFound() throws IOException {
        KernelCache cache = new KernelCache(folder.resolve("new"));
        assertTrue(cache.read(KEY).isEmpty());
        cache.write(KEY, new byte[] {1, 2, 3});
        assertArrayEquals(new byte[] {1, 2, 3}, cache.read(KEY).orElseThrow());
        try (Stream<Path> files = Files.list(folder.resolve("new"))) {
            assertEquals(1, files.count(), "nothing temporary is left");
        }
    }

    @Test
    void theKeyDependsOnAll() {
        assertNotEquals(KEY, KernelCache.key("source2", "options", "12.6"));
        assertNotEquals(KEY, KernelCache.key("source", "options2", "12.6"));
        assertNotEquals(KEY, KernelCache.key("source", "options", "13.0"));
        assertNotEquals(KEY, KernelCache.key("source", "option", "s12.6"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 32, 33, 40})
    void aDamagedEntryIsNone(int kept) throws IOException {
        KernelCache cache = new KernelCache(folder);
        cache.write(KEY, new byte[64]);
        byte[] all = Files.readAllBytes(folder.resolve(KEY));
        byte[] less = java.util.Arrays.copyOf(all, kept);
        Files.write(folder.resolve(KEY), less);
        assertTrue(cache.read(KEY).isEmpty());
        cache.write(KEY, new byte[] {9});
        assertArrayEquals(new byte[] {9}, cache.read(KEY).orElseThrow());
        all[50] ^= 1;
        Files.write(folder.resolve(KEY), all);
        assertTrue(cache.read(KEY).isEmpty());
    }

    @Test
    void aFolderThatCannotBeWrittenCostsNothingElse() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        KernelCache cache = new KernelCache(file);
        cache.write(KEY, new byte[] {1});
        assertTrue(cache.read(KEY).isEmpty());
    }
}
