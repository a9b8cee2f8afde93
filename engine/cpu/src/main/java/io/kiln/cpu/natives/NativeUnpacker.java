package io.kiln.cpu.natives;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.stream.Stream;

/**
 * Unpacks native libraries from the class path into their own directory. Executors on one host start together, so the
 * files are written into a directory with a temporary name, which is then renamed: a directory with the final name
 * always has complete files. The name is a hash of the contents, so different versions do not conflict.
 */
final class NativeUnpacker {

    private NativeUnpacker() {}

    /**
     * Makes sure that the directory of these libraries exists below {@code base}.
     *
     * @param base where directories of natives are kept; created, readable by its owner only
     * @param key hash of the libraries' contents
     * @param libraries the libraries to unpack
     * @return the directory
     * @throws IOException if {@code base} cannot be written or belongs to another user
     */
    static Path unpack(Path base, String key, List<PackedLibrary> libraries) throws IOException {
        createPrivate(base);
        Path target = base.resolve(key);
        if (isComplete(target, libraries)) {
            return target;
        }
        Path temporary = Files.createTempDirectory(base, "." + key + ".");
        try {
            for (PackedLibrary library : libraries) {
                copy(library, temporary.resolve(library.name()));
            }
            return rename(temporary, target, libraries);
        } catch (IOException | RuntimeException e) {
            delete(temporary);
            throw e;
        }
    }

    /**
     * Creates a directory for another class loader of this JVM, with separate copies of the libraries that belong to a
     * class loader. The others become hard links to the files that are already loaded: a different name for the JVM,
     * which refuses to load a file for two class loaders, but the same file for the dynamic linker, which loads it
     * once. The files are removed when the JVM ends.
     *
     * @param base where directories of natives are kept
     * @param key hash of the libraries' contents, {@linkplain #unpack unpacked} before
     * @param libraries the libraries to unpack
     * @return the new directory
     * @throws IOException if {@code base} cannot be written
     */
    static Path unpackForOneLoader(Path base, String key, List<PackedLibrary> libraries) throws IOException {
        Path loaded = unpack(base, key, libraries);
        Path directory = Files.createTempDirectory(base, key + ".own.");
        directory.toFile().deleteOnExit();
        for (PackedLibrary library : libraries) {
            Path file = directory.resolve(library.name());
            file.toFile().deleteOnExit();
            if (library.belongsToLoader()) {
                copy(library, file);
            } else {
                link(file, loaded.resolve(library.name()));
            }
        }
        return directory;
    }

    private static void link(Path name, Path file) throws IOException {
        try {
            Files.createLink(name, file);
        } catch (UnsupportedOperationException e) {
            throw new IOException(file + " cannot have a second name, which a second class loader needs", e);
        }
    }

    private static Path rename(Path temporary, Path target, List<PackedLibrary> libraries) throws IOException {
        try {
            return Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            return whatIsThere(temporary, target, libraries, e);
        } catch (java.nio.file.FileSystemException e) {
            if (Files.isDirectory(target)) { // how some file systems report "not empty"
                return whatIsThere(temporary, target, libraries, e);
            }
            throw e;
        }
    }

    /** Another process was faster, or the files of a directory of that name were truncated. */
    private static Path whatIsThere(Path temporary, Path target, List<PackedLibrary> libraries, IOException cause)
            throws IOException {
        if (isComplete(target, libraries)) {
            delete(temporary);
            return target;
        }
        throw new IOException(target + " holds damaged files; delete that directory", cause);
    }

    private static boolean isComplete(Path directory, List<PackedLibrary> libraries) throws IOException {
        for (PackedLibrary library : libraries) {
            Path file = directory.resolve(library.name());
            if (!Files.isRegularFile(file) || Files.size(file) != library.size()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Keeps the time of the packed file, because JavaCPP's loader takes a file with another time for another version.
     */
    private static void copy(PackedLibrary from, Path to) throws IOException {
        try (InputStream in = from.url().openStream()) {
            Files.copy(in, to);
        }
        Files.setLastModifiedTime(to, FileTime.fromMillis(from.modified()));
    }

    private static void createPrivate(Path base) throws IOException {
        if (!Files.isDirectory(base)) {
            if (base.getParent() != null) {
                Files.createDirectories(base.getParent());
            }
            try {
                Files.createDirectory(
                        base, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } catch (FileAlreadyExistsException e) {
                if (!Files.isDirectory(base)) {
                    throw e;
                }
            }
        }
        UserPrincipal owner = Files.getOwner(base);
        UserPrincipal self = Files.getOwner(Path.of("/proc/self"));
        if (!owner.equals(self)) {
            throw new IOException(base + " belongs to " + owner.getName() + ", not to " + self.getName());
        }
        boolean open = Files.getPosixFilePermissions(base).stream()
                .anyMatch(p -> p.name().equals("OTHERS_WRITE") || p.name().equals("GROUP_WRITE"));
        if (open) {
            throw new IOException(base + " is writable by others; natives are not loaded from such a directory");
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            directory.toFile().deleteOnExit(); // left behind under a temporary name: harmless
        }
    }
}
