package io.kiln.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.format.SafeTensors;
import io.kiln.ndarray.NDArray;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** The cases of a suite and their arrays, as the Python scripts beside the file have written them. */
record CaseFile(JsonNode cases, Map<String, NDArray> arrays) {
    /** Reads a resource of this package; the arrays belong to the current scope. */
    static CaseFile read(String resource, Path scratch) throws IOException {
        JsonNode cases = null;
        Map<String, NDArray> arrays = null;
        try (InputStream in = CaseFile.class.getResourceAsStream(resource);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (entry.getName().equals("cases.json")) {
                    cases = new ObjectMapper().readTree(zip.readAllBytes());
                } else if (entry.getName().equals("arrays.safetensors")) {
                    Path file = scratch.resolve(resource + ".safetensors");
                    Files.copy(zip, file);
                    arrays = SafeTensors.read(file).tensors();
                }
            }
        }
        return new CaseFile(cases, arrays);
    }
}
