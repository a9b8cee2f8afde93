package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ml.NetClassificationModel;
import io.kiln.ml.NetClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Driver and executors where digits are others than 0 to 9 (ar-EG), and where i and I are no pair (tr-TR). */
@Timeout(240)
class LocaleTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"ar-EG,true", "tr-TR,false"})
    void trainingResumesSavesLoadsAndPredictsInEveryLocale(String tag, boolean processes) throws IOException {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag(tag));
        try (Cluster cluster = processes ? Cluster.ofExecutors(2) : Cluster.local(2)) {
            assertEquals(List.of(tag, tag), cluster.locales());
            Dataset<Row> data = cluster.data(120);
            NetClassificationModel whole = train(cluster, "whole", 3).fit(data);
            train(cluster, "cut", 2).fit(data);
            assertTrue(isResumable("cut"), "a checkpoint has a name in ASCII");
            NetClassificationModel resumed = train(cluster, "cut", 3).fit(data);
            assertArrayEquals(
                    whole.trainedNetwork().weights(), resumed.trainedNetwork().weights());
            String path = directory.resolve("model").toString();
            resumed.save(path);
            List<Row> expected = resumed.transform(data).select("prediction").collectAsList();
            assertEquals(
                    expected,
                    NetClassificationModel.load(path)
                            .transform(data)
                            .select("prediction")
                            .collectAsList());
        } finally {
            Locale.setDefault(before);
        }
    }

    private NetClassifier train(Cluster cluster, String checkpoints, int epochs) {
        return cluster.classifier()
                .setNumWorkers(2)
                .setMaxEpochs(epochs)
                .setSnapshotInterval(1)
                .setCheckpointDir(directory.resolve(checkpoints).toUri().toString());
    }

    private boolean isResumable(String checkpoints) throws IOException {
        try (var files = Files.walk(directory.resolve(checkpoints))) {
            return files.anyMatch(p -> p.getFileName().toString().contains("epoch-2"));
        }
    }
}
