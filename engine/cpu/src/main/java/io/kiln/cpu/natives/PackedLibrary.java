package io.kiln.cpu.natives;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.util.jar.JarEntry;

/** A native library on the class path: its file name, its location, and what identifies its contents. */
record PackedLibrary(String name, URL url, long size, long checksum, long modified) {

    /** Whether each class loader needs its own copy, because it holds the native methods of that loader's classes. */
    boolean belongsToLoader() {
        return name.startsWith("libjni");
    }

    /**
     * Reads the directory entry of a library.
     *
     * @param name file name
     * @param url its location
     * @return the library
     * @throws IOException if it cannot be read
     */
    static PackedLibrary of(String name, URL url) throws IOException {
        URLConnection connection = url.openConnection();
        if (connection instanceof JarURLConnection) {
            JarEntry entry = ((JarURLConnection) connection).getJarEntry();
            return new PackedLibrary(name, url, entry.getSize(), entry.getCrc(), entry.getTime());
        }
        connection.getInputStream().close(); // reading the size has opened the file
        long modified = connection.getLastModified();
        return new PackedLibrary(name, url, connection.getContentLengthLong(), modified, modified);
    }
}
