package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_blob;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_blob;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;

import java.util.Base64;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * A layout chosen by oneDNN, kept beyond the call that requested it. It is valid in this process only.
 *
 * @param text the memory descriptor, encoded
 * @param bytes size of the memory
 */
public record PackedLayout(String text, long bytes) {

    static PackedLayout of(dnnl_memory_desc layout) {
        try (SizeTPointer size = new SizeTPointer(1)) {
            OneDnnException.check("layout", dnnl_memory_desc_get_blob((byte[]) null, size, layout));
            byte[] blob = new byte[Math.toIntExact(size.get())];
            OneDnnException.check("layout", dnnl_memory_desc_get_blob(blob, size, layout));
            return new PackedLayout(Base64.getEncoder().encodeToString(blob), dnnl_memory_desc_get_size(layout));
        }
    }

    /** Fills an empty descriptor. */
    void fill(dnnl_memory_desc layout) {
        OneDnnException.check(
                "layout",
                dnnl_memory_desc_create_with_blob(layout, Base64.getDecoder().decode(text)));
    }

    void addTo(CallKey key) {
        key.add(bytes);
        for (int i = 0; i < text.length(); i += Short.BYTES) {
            key.add((long) text.charAt(i) << Short.SIZE | text.charAt(Math.min(i + 1, text.length() - 1)));
        }
    }
}
