package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MnistTest {
    @Test
    void bundledDigitsAreEightThousandAndTwoThousandOfAllClasses() throws IOException {
        Mnist train = Mnist.bundled(Mnist.Part.TRAIN);
        Mnist test = Mnist.bundled(Mnist.Part.TEST);
        assertEquals(8_000, train.size());
        assertEquals(2_000, test.size());
        boolean[] seen = new boolean[Mnist.CLASSES];
        float largest = 0;
        for (int i = 0; i < test.size(); i++) {
            seen[test.label(i)] = true;
            for (float p : test.pixels(i)) {
                assertTrue(p >= 0 && p <= 1, "pixel " + p);
                largest = Math.max(largest, p);
            }
        }
        assertEquals(1, largest);
        for (boolean s : seen) {
            assertTrue(s);
        }
    }

    @Test
    void folderGivesTheSameDigitsAsTheJar() throws IOException {
        Mnist fromFolder = Mnist.read(StandaloneCluster.root().resolve("examples/data/mnist"), Mnist.Part.TEST);
        Mnist bundled = Mnist.bundled(Mnist.Part.TEST);
        assertEquals(bundled.size(), fromFolder.size());
        assertArrayEquals(bundled.pixels(1234), fromFolder.pixels(1234));
        assertEquals(bundled.label(1234), fromFolder.label(1234));
    }

    @Test
    void imagesWithOtherLabelsAreRefused(@TempDir Path folder) throws IOException {
        Path data = StandaloneCluster.root().resolve("examples/data/mnist");
        Files.copy(data.resolve("test-images-idx3-ubyte.gz"), folder.resolve("test-images-idx3-ubyte.gz"));
        Files.copy(data.resolve("train-labels-idx1-ubyte.gz"), folder.resolve("test-labels-idx1-ubyte.gz"));
        IOException e = assertThrows(IOException.class, () -> Mnist.read(folder, Mnist.Part.TEST));
        assertEquals("test-labels-idx1-ubyte.gz: expected 2000 labels, one per image, found 8000", e.getMessage());
    }

    @Test
    void dataFrameHoldsScaledPixelsAndLabelsInOrder() throws IOException {
        Mnist digits = Mnist.bundled(Mnist.Part.TEST).first(7);
        SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .getOrCreate();
        try {
            List<Row> rows =
                    digits.toDataFrame(spark, 3).select("features", "label").collectAsList();
            assertEquals(7, rows.size());
            for (int i = 0; i < rows.size(); i++) {
                assertEquals(digits.label(i), rows.get(i).getDouble(1));
                List<Float> features = rows.get(i).getList(0);
                assertEquals(Mnist.PIXELS, features.size());
                for (int j = 0; j < Mnist.PIXELS; j++) {
                    assertEquals(digits.pixels(i)[j], features.get(j));
                }
            }
        } finally {
            spark.stop();
        }
    }
}
