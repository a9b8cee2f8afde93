package io.kiln.benchmarks.djl;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** TorchScript code as the archive that {@code torch.jit.save} would make of a module without state. */
final class TorchArchive {

    private TorchArchive() {}

    /** The code of a module whose function takes the arguments and returns one tensor. */
    static String module(String arguments, String body) {
        return "class Row(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
                + "  def forward(self: __torch__.Row, " + arguments + ") -> Tensor:\n" + body;
    }

    /** Code, and a pickle that says {@code Row()} with training = True. */
    static byte[] of(String code) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            String object = "\u0080\u0002c__torch__\nRow\n)\u0081}(X\u0008\0\0\0training\u0088ub.";
            entry(zip, "data.pkl", object.getBytes(StandardCharsets.ISO_8859_1));
            entry(zip, "code/__torch__.py", code.getBytes(StandardCharsets.UTF_8));
            entry(zip, "constants.pkl", "\u0080\u0002).".getBytes(StandardCharsets.ISO_8859_1));
            entry(zip, "version", "10\n".getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void entry(ZipOutputStream zip, String name, byte[] content) throws IOException {
        zip.putNextEntry(new ZipEntry("row/" + name));
        zip.write(content);
        zip.closeEntry();
    }
}
