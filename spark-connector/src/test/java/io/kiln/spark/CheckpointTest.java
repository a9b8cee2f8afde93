package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.spark.report.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CheckpointTest {
    private final Cluster cluster = Cluster.local(2);
    private final Dataset<Row> data = cluster.data(300);

    @TempDir
    Path directory;

    @AfterAll
    void stop() {
        cluster.close();
    }

    private List<String> epochs() throws IOException {
        try (var files = Files.walk(directory)) {
            return files.map(p -> p.getFileName().toString())
                    .filter(n -> n.startsWith("epoch-") || n.startsWith(".writing") || n.startsWith(".removed"))
                    .map(n -> n.replaceFirst("-[0-9a-f]{8}$", ""))
                    .sorted()
                    .toList();
        }
    }

    private NetClassifier saving() {
        return cluster.classifier().setCheckpointDir(directory.toUri().toString());
    }

    @Test
    void trainingGoesOnWhereItStoodAndNotElsewhere() throws IOException {
        NetClassificationModel whole = cluster.classifier().setMaxEpochs(4).fit(data);
        saving().setMaxEpochs(2).fit(data);
        assertEquals(List.of("epoch-2"), epochs());
        NetClassificationModel resumed = saving().setMaxEpochs(4).fit(data);
        assertArrayEquals(
                whole.trainedNetwork().weights(), resumed.trainedNetwork().weights());
        assertEquals(4, resumed.summary().epochs().size());
        NetClassificationModel other = saving().setMaxEpochs(4).setSeed(99).fit(data);
        assertArrayEquals(
                cluster.classifier()
                        .setMaxEpochs(4)
                        .setSeed(99)
                        .fit(data)
                        .trainedNetwork()
                        .weights(),
                other.trainedNetwork().weights(),
                "other Params do not find the checkpoint");
    }

    @Test
    void randomNumbersAndRunningStatisticsArePartOfTheState() throws IOException {
        NetClassifier c = cluster.classifier()
                .setNumWorkers(2)
                .setNetwork(new Sequential(
                        new Dense(32, Activation.RELU), new BatchNorm(), new Dropout(0.3), new Dense(Cluster.CLASSES)));
        NetClassificationModel whole = c.setMaxEpochs(4).fit(data);
        c.setCheckpointDir(directory.toUri().toString()).setMaxEpochs(2).fit(data);
        assertArrayEquals(
                whole.trainedNetwork().weights(),
                c.setMaxEpochs(4).fit(data).trainedNetwork().weights());
    }

    @Test
    void aDamagedCheckpointIsLeftAlone() throws IOException {
        saving().setMaxEpochs(2).fit(data);
        Path state;
        try (var files = Files.walk(directory)) {
            state = files.filter(p -> p.getFileName().toString().equals("state-0"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(state);
        bytes[bytes.length / 2] ^= 1;
        Files.write(state, bytes);
        Files.deleteIfExists(state.resolveSibling(".state-0.crc"));
        NetClassificationModel anew = saving().setMaxEpochs(3).fit(data);
        assertArrayEquals(
                cluster.classifier().setMaxEpochs(3).fit(data).trainedNetwork().weights(),
                anew.trainedNetwork().weights());
    }

    @Test
    void aFullDiskEndsTheFitAndLeavesTheLastCheckpointWhole() throws IOException {
        saving().setMaxEpochs(1).fit(data);
        long size;
        try (var files = Files.walk(directory)) {
            size = files.filter(Files::isRegularFile)
                    .mapToLong(p -> p.toFile().length())
                    .sum();
        }
        try (var files = Files.list(directory)) {
            for (Path p : files.toList()) {
                org.apache.commons.io.FileUtils.deleteDirectory(p.toFile());
            }
        }
        var hadoop = cluster.session().sparkContext().hadoopConfiguration();
        hadoop.set("fs.full.impl", FullDisk.class.getName());
        hadoop.setBoolean("fs.full.impl.disable.cache", true);
        hadoop.setLong(FullDisk.ROOM, size / 2);
        String uri = "full://" + directory;
        TrainingException none = assertThrows(
                TrainingException.class,
                () -> cluster.classifier().setCheckpointDir(uri).fit(data));
        assertTrue(
                none.getMessage().contains("No space left on device")
                        && none.getMessage().contains(directory.toString()),
                none.getMessage());
        assertEquals(List.of(), epochs());

        hadoop.setLong(FullDisk.ROOM, 10 * size);
        NetClassifier c = cluster.classifier().setMaxEpochs(2).setCheckpointDir(uri);
        c.fit(data);
        hadoop.setLong(FullDisk.ROOM, size / 2);
        assertThrows(TrainingException.class, () -> c.setMaxEpochs(4).fit(data));
        assertEquals(List.of("epoch-2"), epochs());
        assertFalse(cluster.session().sparkContext().isStopped());
        assertEquals(Map.of(), cluster.context().getPersistentRDDs());
        hadoop.setLong(FullDisk.ROOM, 10 * size);
        assertArrayEquals(
                cluster.classifier().setMaxEpochs(4).fit(data).trainedNetwork().weights(),
                c.setMaxEpochs(4).fit(data).trainedNetwork().weights(),
                "with room again the fit goes on");
    }
}
