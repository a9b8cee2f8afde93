package io.kiln.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.nn.loss.Loss;
import io.kiln.op.Cast;
import io.kiln.op.Operator;
import io.kiln.op.OperatorFamilies;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.nn.BatchNormOp;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class KnownRecordsTest {
    @Test
    void recordsOfAnInterfaceAreListedByTheirNamesInJson() {
        List<String> losses = KnownRecords.names(Loss.class);
        assertTrue(losses.containsAll(List.of("l2", "sigmoidBce", "softmaxCrossEntropy")), losses.toString());
        assertFalse(losses.contains("loss"));
    }

    @Test
    void aNearNameIsSuggestedAndFewNamesAreListed() {
        List<String> known = List.of("adam", "sgd");
        assertEquals("; did you mean \"adam\"?; known: adam, sgd", KnownRecords.suggestion("Adma", known));
        assertEquals("; known: adam, sgd", KnownRecords.suggestion("somethingElse", known));
        assertEquals("", KnownRecords.suggestion("adam", List.of()));
    }

    @Test
    void anUnknownOperatorIsToldWithTheNearestName() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> RecordJson.find(Operator.class, "convolve"));
        assertTrue(e.getMessage().contains("\"convolve\"; did you mean \"convolution\"?"), e.getMessage());
    }

    @Test
    void operatorsOfAllFamiliesAreFoundByTheirNameAlone() {
        assertEquals(MatMul.class, RecordJson.find(Operator.class, "matMul"));
        assertEquals(Cast.class, RecordJson.find(Operator.class, "cast"));
        assertEquals(BatchNormOp.class, RecordJson.find(Operator.class, "batchNorm"));
        assertEquals("batchNorm", new BatchNormOp(1e-5, 0.9).name());
        assertThrows(IllegalArgumentException.class, () -> RecordJson.find(Operator.class, "batchNormOp"));
        List<String> known = KnownRecords.names(Operator.class);
        assertTrue(known.containsAll(List.of("matMul", "cast", "relu")), known.toString());
        assertEquals(Set.copyOf(known).size(), known.size(), "one name in two families: " + known);
    }

    @Test
    void eachPackageWithAnOperatorIsAFamily() throws Exception {
        Path classes = Path.of(Operator.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Set<String> packages = new TreeSet<>();
        try (Stream<Path> files = Files.walk(classes.resolve("io/kiln/op"))) {
            for (Path f : files.filter(f -> f.toString().endsWith(".class")).toList()) {
                String name = classes.relativize(f).toString().replace(File.separatorChar, '.');
                Class<?> c = Class.forName(name.substring(0, name.length() - ".class".length()));
                if (!c.isMemberClass() && c.isRecord() && Operator.class.isAssignableFrom(c)) {
                    packages.add(c.getPackageName());
                }
            }
        }
        assertEquals(packages, new TreeSet<>(OperatorFamilies.packages()));
    }
}
