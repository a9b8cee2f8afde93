package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The demo by spark-submit on a standalone master with two workers, each a process of its own. */
class SparkSubmitTest {
    private static final Duration LIMIT = Duration.ofMinutes(8);

    @Test
    void demoTrainsOnTwoExecutors() throws Exception {
        submitDemo("plain", Map.of());
    }

    @Test
    void demoTrainsWithAuthenticationAndEncryption() throws Exception {
        byte[] secret = new byte[16];
        new SecureRandom().nextBytes(secret);
        submitDemo(
                "encrypted",
                Map.of(
                        "spark.authenticate",
                        "true",
                        "spark.authenticate.secret",
                        HexFormat.of().formatHex(secret),
                        // The master's REST server knows no authentication, and refuses to start with it.
                        "spark.master.rest.enabled",
                        "false",
                        "spark.network.crypto.enabled",
                        "true"));
    }

    private static void submitDemo(String name, Map<String, String> settings) throws Exception {
        Path folder = Path.of("standalone", name).toAbsolutePath();
        try (StandaloneCluster cluster = StandaloneCluster.start(folder, 2, settings)) {
            Path output = folder.resolve("output");
            StandaloneCluster.Submission run = cluster.submit(LIMIT, MnistDemo.class, MnistDemoTest.arguments(output));
            assertEquals(0, run.status(), run::errors);
            DemoOutput.check(run.output(), output, 0.85);
            for (String worker : List.of("worker0", "worker1")) {
                assertTrue(hasExecutor(folder.resolve(worker)), worker + " started no executor");
            }
        }
    }

    /** Spark keeps an executor's logs in app-…/(number) of its worker's folder. */
    private static boolean hasExecutor(Path worker) throws IOException {
        try (Stream<Path> files = Files.walk(worker, 3)) {
            return files.anyMatch(f -> f.endsWith("stderr"));
        }
    }
}
