package io.kiln.peer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes TorchScript modules as the archives that {@code torch.jit.save} would make. */
final class TorchArchive {
    private TorchArchive() {}

    /**
     * The archive of a module without state: its code, and a pickle that says {@code Row()} with training = True.
     *
     * @param parameters the parameters of its forward method, with types
     * @param body the statements of its forward method, which returns a list of tensors
     */
    static byte[] of(String parameters, String body) {
        String code = "class Row(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
                + "  def forward(self: __torch__.Row, " + parameters + ") -> List[Tensor]:\n" + body;
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
