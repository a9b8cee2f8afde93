package io.kiln.spark.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.format.ByteChunks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a model is said when it is read, not by a task later. */
class DamagedModelTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int ROUNDS = 400;
    private static final Object[] NASTY = {
        -1,
        0,
        1,
        2,
        3,
        1L << 31,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        1e308,
        0.5,
        "NaN",
        "",
        "x",
        "java.lang.Runtime",
        true,
        null
    };

    @TempDir
    Path dir;

    private Path golden;

    @BeforeEach
    void copy() throws IOException, URISyntaxException {
        golden = Path.of(getClass().getResource("/golden/classifier-0.1").toURI());
        for (String f : List.of("kiln.json", "graph.json", "weights.safetensors")) {
            Files.copy(golden.resolve(f), dir.resolve(f));
        }
    }

    private ModelFiles.Saved read() {
        return ModelFiles.read(dir.toString(), new Configuration(false));
    }

    private void writeNewForm() {
        ModelFiles.Saved old = read();
        ModelFiles.write(
                dir.toString(), new Configuration(false), old.network(), n -> n.put("numClasses", old.classes()));
    }

    private static float[] predict(TrainedNetwork n) {
        return n.predict(2, new float[2 * n.width()], 1);
    }

    @Test
    void aModelKeepsItsPredictionsInTheNewForm() throws IOException {
        float[] before = predict(read().network());
        writeNewForm();
        assertArrayEquals(before, predict(read().network()));
        assertEquals(3, read().classes());
        JsonNode files =
                MAPPER.readTree(Files.readString(dir.resolve("kiln.json"))).path("files");
        assertEquals(
                Files.size(dir.resolve("weights.safetensors")),
                files.path("weights.safetensors").path("bytes").asLong());
    }

    @Test
    void everyBitThatTurnedIsFoundByTheChecksums() throws IOException {
        writeNewForm();
        Random random = new Random(1);
        for (String f : List.of("graph.json", "weights.safetensors")) {
            byte[] good = Files.readAllBytes(dir.resolve(f));
            Files.deleteIfExists(dir.resolve("." + f + ".crc"));
            for (int i = 0; i < 100; i++) {
                byte[] bad = i % 4 == 0 ? Arrays.copyOf(good, random.nextInt(good.length)) : good.clone();
                if (bad.length == good.length) {
                    bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
                }
                Files.write(dir.resolve(f), bad);
                RuntimeException e = assertThrows(RuntimeException.class, this::read);
                assertTrue(
                        e.getMessage().startsWith("load model: ")
                                && e.getMessage().contains("damaged"),
                        e.toString());
            }
            Files.write(dir.resolve(f), good);
        }
    }

    @Test
    void anotherScaleIsFoundByTheChecksum() throws IOException {
        writeNewForm();
        Path facts = dir.resolve("kiln.json");
        Files.writeString(facts, Files.readString(facts).replace("\"scale\":1.0", "\"scale\":2.0"));
        Files.deleteIfExists(dir.resolve(".kiln.json.crc"));
        RuntimeException e = assertThrows(RuntimeException.class, this::read);
        assertTrue(e.getMessage().contains("checksum") && e.getMessage().contains("damaged"), e.getMessage());
    }

    /** Files without checksums, as version 0.1 wrote them. */
    @ParameterizedTest
    @ValueSource(strings = {"kiln.json", "graph.json", "weights.safetensors"})
    void aDamagedFileIsRefusedWhenItIsReadOrPredicts(String file) throws IOException {
        byte[] good = Files.readAllBytes(dir.resolve(file));
        int refused = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            Files.write(dir.resolve(file), damaged(good, new Random(seed), file.endsWith(".json")));
            ModelFiles.Saved saved;
            try {
                saved = read();
                saved.classes();
            } catch (IllegalArgumentException | UncheckedIOException e) {
                refused++;
                continue;
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError("seed " + seed + " was refused by " + e, e);
            }
            try {
                float[] y = predict(saved.network());
                assertEquals(2 * saved.network().outputs(), y.length, "seed " + seed);
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError("seed " + seed + " was read, and then failed by " + e, e);
            }
        }
        assertTrue(refused > ROUNDS / 20, refused + " refused");
    }

    private static byte[] damaged(byte[] good, Random random, boolean json) throws IOException {
        int how = random.nextInt(10);
        if (how < 2 || !json && how > 3) {
            byte[] bad = good.clone();
            bad[random.nextInt(json ? bad.length : Math.min(bad.length, 400))] ^= (byte) (1 << random.nextInt(8));
            return bad;
        } else if (how < 4) {
            return Arrays.copyOf(good, random.nextInt(good.length + 40));
        }
        JsonNode tree = MAPPER.readTree(good);
        List<Runnable> changes = new ArrayList<>();
        collect(tree, random, changes);
        changes.get(random.nextInt(changes.size())).run();
        return tree.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void collect(JsonNode n, Random random, List<Runnable> changes) {
        if (n instanceof ObjectNode o) {
            o.fieldNames().forEachRemaining(k -> {
                changes.add(() -> o.set(k, MAPPER.valueToTree(NASTY[random.nextInt(NASTY.length)])));
                changes.add(() -> o.remove(k));
                collect(o.get(k), random, changes);
            });
        } else if (n instanceof ArrayNode a) {
            for (int i = 0; i < a.size(); i++) {
                int at = i;
                changes.add(() -> a.set(at, MAPPER.valueToTree(NASTY[random.nextInt(NASTY.length)])));
                changes.add(() -> a.remove(at));
                changes.add(() -> a.insert(at, a.get(at).deepCopy()));
                collect(a.get(i), random, changes);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[-1,-1]", "[-1,0]", "[-1]", "[]", "[-1,9223372036854775807,9]", "[-1,1000000,1000000]"})
    void anInputThatNoRowHasIsRefused(String shape) throws IOException {
        ObjectNode graph = (ObjectNode) MAPPER.readTree(Files.readString(dir.resolve("graph.json")));
        ((ObjectNode) graph.get("inputs").get(0)).set("shape", MAPPER.readTree(shape));
        Files.writeString(dir.resolve("graph.json"), graph.toString());
        assertThrows(IllegalArgumentException.class, () -> read().network().withOneInput());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"x\"", "0", "null", "[]", "true"})
    void aScaleThatIsNoFactorIsRefused(String scale) throws IOException {
        Files.writeString(dir.resolve("kiln.json"), "{\"format\":1,\"scale\":" + scale + ",\"numClasses\":3}");
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, this::read);
        assertTrue(e.getMessage().contains("scale must be a number other than 0"), e.getMessage());
    }

    @Test
    void weightsOfAnotherNetworkAreRefused() {
        ModelFiles.Saved saved = read();
        ModelFiles.write(
                dir.toString(),
                new Configuration(false),
                new TrainedNetwork(
                        saved.network().graphJson().replace("0.weight", "9.weight"),
                        saved.network().weightChunks(),
                        1),
                n -> {});
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, this::read);
        assertTrue(e.getMessage().contains("do not belong together"), e.getMessage());
    }

    @Test
    void weightsLieInManyChunksAsWell() {
        TrainedNetwork one = read().network();
        TrainedNetwork many = new TrainedNetwork(
                one.graphJson(), ByteChunks.write(100, one.weightChunks()::writeTo), one.inputScale());
        ModelFiles.write(dir.toString(), new Configuration(false), many, n -> n.put("numClasses", 3));
        assertArrayEquals(predict(one), predict(read().network()));
    }
}
