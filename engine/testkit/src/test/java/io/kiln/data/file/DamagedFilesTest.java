package io.kiln.data.file;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.data.Dataset;
import io.kiln.data.Labeled;
import io.kiln.fuzz.Mutations;
import io.kiln.optim.Adam;
import io.kiln.optim.CosineDecay;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.WarmUp;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Readers of data and settings on damaged copies: each is read, or refused by one clear error, without much memory. */
class DamagedFilesTest {
    private static final int COPIES = 400;

    @TempDir
    private Path dir;

    private Path file(byte[] copy) throws IOException {
        return Files.write(dir.resolve("damaged"), copy);
    }

    private String[] named() {
        return new String[] {dir.resolve("damaged") + ": "};
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void tablesOfNumbers() {
        byte[] good = bytes("a,b,c\n1,2,3\n-4,5e1,6\n7.25,8,9\n");
        int refused = Mutations.run(good, COPIES, IOException.class, named(), copy -> {
            Dataset<Labeled<float[]>> d = CsvFile.read(file(copy), ',', true, 1);
            for (long i = 0; i < d.size(); i++) {
                d.get(i);
            }
        });
        assertTrue(refused > 50, "only " + refused + " were refused");
    }

    @Test
    void sparseRows() {
        byte[] good = bytes("+1 1:0.5 4:2 # note\n-1 2:3 3:1e-3 5:7\n0 1:1\n");
        int refused = Mutations.run(good, COPIES, IOException.class, named(), copy -> {
            Dataset<Labeled<LibSvmFile.SparseRow>> d = LibSvmFile.read(file(copy), 5);
            for (long i = 0; i < d.size(); i++) {
                d.get(i).data().dense();
            }
        });
        assertTrue(refused > 50, "only " + refused + " were refused");
    }

    @Test
    void imagesAsBytes() {
        byte[] good = ByteBuffer.allocate(22)
                .putInt(0x802)
                .putInt(2)
                .putInt(5)
                .put(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
                .array();
        int refused = Mutations.run(good, COPIES, IOException.class, new String[] {"x: "}, copy -> {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
                zip.write(copy);
            }
            IdxFile.read("x", new ByteArrayInputStream(out.toByteArray()), 2);
        });
        assertTrue(refused > 50, "only " + refused + " were refused");
    }

    @Test
    void settingsOfOptimizers() {
        UpdateRule rule = new UpdateRule(new Adam(), new WarmUp(5, 0, new CosineDecay(0.1, 100)))
                .withWeightDecay(0.01)
                .withClipNorm(3);
        String[] any = {""};
        int refused = Mutations.run(bytes(rule.toJson()), COPIES, IllegalArgumentException.class, any, copy -> {
            UpdateRule read = UpdateRule.fromJson(new String(copy, StandardCharsets.UTF_8));
            read.step(3, io.kiln.op.Role.WEIGHT, 1);
        });
        assertTrue(refused > 100, "only " + refused + " were refused");
    }
}
