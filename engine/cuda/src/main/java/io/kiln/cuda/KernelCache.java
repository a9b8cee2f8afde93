package io.kiln.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, by the hash of all that they depend on. An entry is the hash of its code and the code; one that does not agree
 * with its hash is built again. Entries are moved into place, so that no reader finds half of one. A folder that cannot be written costs
 * the cache, which is logged, and nothing else.
 *
 * <p>Concurrency: thread-safe, and safe among processes.
 */
final class KernelCache {
    private static final Logger LOG = LoggerFactory.getLogger(KernelCache.class);
    private static final int DIGEST = 32;
    private static final long LARGEST = 1L << 28;

    private final Path folder;

    KernelCache(Path folder) {
        this.folder = folder;
    }

    /** The name of an entry. */
    static String key(String source, String options, String compiler) {
        return Natives.hex(Natives.digest(bytes(compiler), new byte[1], bytes(options), new byte[1], bytes(source)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The code of an entry; empty when there is none, or a damaged one. */
    Optional<byte[]> read(String key) {
        Path file = folder.resolve(key);
        try {
            long size = Files.size(file);
            byte[] all = size <= DIGEST || size > LARGEST ? new byte[0] : Files.readAllBytes(file);
            if (all.length > DIGEST) {
                byte[] code = Arrays.copyOfRange(all, DIGEST, all.length);
                if (Arrays.equals(Natives.digest(code), Arrays.copyOf(all, DIGEST))) {
                    return Optional.of(code);
                }
            }
            LOG.warn("{} is damaged; the kernel is compiled again", file);
            return Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.warn("{} cannot be read ({}); the kernel is compiled again", file, e.toString());
            return Optional.empty();
        }
    }

    /** Keeps code. */
    void write(String key, byte[] code) {
        byte[] all = ByteBuffer.allocate(DIGEST + code.length)
                .put(Natives.digest(code))
                .put(code)
                .array();
        try {
            Files.createDirectories(folder);
            Path temporary = Files.createTempFile(folder, "kernel", ".part");
            try {
                Files.write(temporary, all);
                Files.move(
                        temporary,
                        folder.resolve(key),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            LOG.warn(
                    "compiled kernels cannot be kept in {} ({}); name another folder with -D{}",
                    folder,
                    e.toString(),
                    CacheFolder.PROPERTY);
        }
    }
}
