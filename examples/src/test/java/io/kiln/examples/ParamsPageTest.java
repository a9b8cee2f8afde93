package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ParamsPageTest {
    private final ParamsPage params = new ParamsPage();

    @Test
    void everyParamIsInAGroup() {
        assertEquals(Set.of(), params.withoutGroup(), "name them in a group of ParamsPage");
    }

    @Test
    void thePageIsWhatTheEstimatorsSay() throws IOException {
        Path file = StandaloneCluster.root().resolve("docs/estimators.md");
        String page = params.page();
        if (Boolean.getBoolean("kiln.write")) {
            Files.writeString(file, page);
        }
        assertEquals(page, Files.readString(file), "run this test with -Dkiln.write=true");
    }
}
