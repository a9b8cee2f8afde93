package io.kiln.cpu.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("core")
@Tag("onednn")
class NativesTest {

    @TempDir
    private Path temporary;

    @Test
    void loadsOnThisMachine() {
        assertTrue(Natives.get().isAvailable(), () -> Natives.get().reason());
        assertEquals("", Natives.get().reason());
    }

    @Test
    void saysWhichLibraryIsMissingForAnotherPlatform() {
        Natives natives = Natives.load("linux-riscv64", getClass().getClassLoader(), List.of(temporary));
        assertFalse(natives.isAvailable());
        assertTrue(natives.reason().contains("linux-riscv64"), natives.reason());
        assertTrue(natives.reason().contains("add org.bytedeco:dnnl"), natives.reason());
        assertThrows(IllegalStateException.class, natives::openMp);
    }

    @Test
    void saysThatOpenMpIsMissing() {
        ClassLoader without = new ClassLoader(getClass().getClassLoader()) {
            @Override
            public URL getResource(String name) {
                return name.endsWith("libgomp.so.1") ? null : super.getResource(name);
            }
        };
        Natives natives = Natives.load("linux-x86_64", without, List.of(temporary));
        assertFalse(natives.isAvailable());
        assertTrue(natives.reason().contains("libgomp.so.1"), natives.reason());
    }

    @Test
    void saysWhereItCouldNotUnpack() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));
        Natives natives = Natives.load("linux-x86_64", getClass().getClassLoader(), List.of(file.resolve("below")));
        assertFalse(natives.isAvailable());
        assertTrue(natives.reason().contains(file.toString()), natives.reason());
        assertTrue(natives.reason().contains("kiln.natives.dir"), natives.reason());
    }

    @Test
    void refusesADirectoryThatOthersMayWrite() throws IOException {
        Path open = Files.createDirectory(temporary.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        IOException e = assertThrows(IOException.class, () -> NativeUnpacker.unpack(open, "key", packed("library")));
        assertTrue(e.getMessage().contains("writable by others"), e.getMessage());
    }

    @Test
    void manyUnpackersAtOnceFindCompleteFilesAndLeaveNothingElse() throws Exception {
        List<PackedLibrary> libraries = packed("x".repeat(3_000_000));
        Path base = temporary.resolve("base");
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            List<Future<Path>> found = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                found.add(pool.submit(() -> {
                    Path directory = NativeUnpacker.unpack(base, "key", libraries);
                    assertEquals(3_000_000, Files.size(directory.resolve("lib.so")));
                    return directory;
                }));
            }
            for (Future<Path> directory : found) {
                assertEquals(base.resolve("key"), directory.get(1, TimeUnit.MINUTES));
            }
        } finally {
            pool.shutdownNow();
        }
        try (Stream<Path> left = Files.list(base)) {
            assertEquals(List.of(base.resolve("key")), left.toList());
        }
    }

    @Test
    void reportsDamagedFiles() throws IOException {
        List<PackedLibrary> libraries = packed("contents");
        Path directory = NativeUnpacker.unpack(temporary, "key", libraries);
        Files.writeString(directory.resolve("lib.so"), "cut");
        IOException e = assertThrows(IOException.class, () -> NativeUnpacker.unpack(temporary, "key", libraries));
        assertTrue(e.getMessage().contains("delete that directory"), e.getMessage());
    }

    private List<PackedLibrary> packed(String contents) throws IOException {
        Path source = Files.writeString(temporary.resolve("source"), contents);
        return List.of(PackedLibrary.of("lib.so", source.toUri().toURL()));
    }
}
