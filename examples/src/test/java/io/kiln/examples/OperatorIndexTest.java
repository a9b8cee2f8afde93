package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OperatorIndexTest {
    @Test
    void thePageIsWhatTheSourcesSay() throws IOException {
        Path root = StandaloneCluster.root();
        Path file = root.resolve("docs/operators.md");
        String page = new OperatorIndex(root).page();
        assertTrue(page.lines().count() > 100, "few operators were found");
        if (Boolean.getBoolean("kiln.write")) {
            Files.writeString(file, page);
        }
        assertEquals(page, Files.readString(file), "run this test with -Dkiln.write=true");
    }
}
