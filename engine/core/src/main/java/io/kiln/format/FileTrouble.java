package io.kiln.format;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Describes what is wrong with a file: the exceptions of {@code java.nio.file} often have its name as their only
 * message.
 */
public final class FileTrouble {
    private FileTrouble() {}

    /**
     * Creates an exception that names operation, file and reason.
     *
     * @param operation the operation, such as {@code safetensors}
     * @param file the file
     * @param cause what went wrong
     * @return an exception to throw: "operation: file: reason"
     */
    public static IOException of(String operation, Path file, IOException cause) {
        return new IOException(operation + ": " + file + ": " + reason(file, cause), cause);
    }

    /**
     * Says why a file cannot be read or written.
     *
     * @param file the file
     * @param cause what went wrong
     * @return the reason in words, without the name of the file if the exception has no more to say
     */
    public static String reason(Path file, IOException cause) {
        if (cause instanceof NoSuchFileException || cause instanceof FileNotFoundException) {
            return "there is no such file";
        } else if (cause instanceof AccessDeniedException) {
            return "access is denied; check the permissions of the file and its folder";
        } else if (cause instanceof FileSystemException f) {
            return f.getReason() == null ? f.getClass().getSimpleName() : f.getReason();
        }
        String message = cause.getMessage();
        return message == null || message.equals(file.toString())
                ? cause.getClass().getSimpleName()
                : message;
    }
}
