package io.kiln.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ml.NetClassifier;
import io.kiln.op.OperatorFamilies;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages that translate other systems' names into Kiln's name what exists. */
class NamesInDocsTest {
    private static final Pattern CODE = Pattern.compile("`([A-Z]\\w*)(?:\\.(\\w+))?`");
    private static final List<String> PACKAGES = List.of(
            "ndarray",
            "autograd",
            "fit",
            "compile",
            "nn",
            "nn.loss",
            "nn.rnn",
            "nn.transformer",
            "nn.zoo",
            "optim",
            "metric",
            "format",
            "graph",
            "init",
            "symbol",
            "data",
            "data.file",
            "observe",
            "view",
            "kvstore",
            "ml",
            "spark");

    private static final Pattern TEXT = Pattern.compile("set(Loss|Optimizer|ValidationMetric)\\(\"(\\w+)\"\\)");
    private static final Pattern SCALADOC = Pattern.compile("\\b(?:loss|optimizer) ([a-z][a-zA-Z0-9]+)[,.]");

    /** Names that pages and Scaladoc give as text to a Param. */
    @Test
    void lossesOptimizersAndMetricsThatAreNamedExist() throws IOException {
        NetClassifier estimator = new NetClassifier();
        int names = 0;
        for (Path file : pages()) {
            String page = Files.readString(file);
            Matcher m = TEXT.matcher(page);
            while (m.find()) {
                names++;
                switch (m.group(1)) {
                    case "Loss" -> estimator.setLoss(m.group(2));
                    case "Optimizer" -> estimator.setOptimizer(m.group(2));
                    default -> estimator.setValidationMetric(m.group(2));
                }
            }
            Matcher scaladoc = SCALADOC.matcher(file.toString().endsWith(".scala") ? page : "");
            while (scaladoc.find()) {
                names++;
                estimator.setLoss(scaladoc.group(1));
            }
        }
        assertTrue(names >= 2, "few names were found: " + names);
    }

    private static List<Path> pages() throws IOException {
        Path root = StandaloneCluster.root();
        List<Path> files = new ArrayList<>(List.of(root.resolve("README.md")));
        for (String folder : List.of("docs", "spark-connector/src/main/scala/io/kiln/ml")) {
            try (Stream<Path> found = Files.walk(root.resolve(folder))) {
                files.addAll(found.filter(Files::isRegularFile).sorted().toList());
            }
        }
        return files;
    }

    @ParameterizedTest
    @ValueSource(strings = {"from-dl4j.md", "from-mllib.md", "from-mxnet.md", "from-pytorch.md", "from-xgboost.md"})
    void everyNameInTheSecondColumnExists(String page) throws IOException {
        Path file = StandaloneCluster.root().resolve("docs").resolve(page);
        List<String> wrong = new ArrayList<>();
        int names = 0;
        for (String line : Files.readAllLines(file)) {
            String[] cells = line.startsWith("|") ? line.split("(?<!\\\\)\\|") : new String[0];
            if (cells.length < 3) {
                continue;
            }
            Matcher m = CODE.matcher(cells[2]);
            while (m.find()) {
                names++;
                if (!exists(m.group(1), m.group(2))) {
                    wrong.add(m.group());
                }
            }
        }
        assertTrue(wrong.isEmpty(), page + " names what does not exist: " + wrong);
        assertTrue(names > 20, page + " has only " + names + " names");
    }

    private static boolean exists(String type, String member) {
        Stream<String> packages = Stream.concat(
                OperatorFamilies.packages().stream(), PACKAGES.stream().map(p -> "io.kiln." + p));
        for (String p : packages.toList()) {
            try {
                Class<?> c = Class.forName(p + "." + type);
                if (Modifier.isPublic(c.getModifiers()) && (member == null || has(c, member))) {
                    return true;
                }
            } catch (ClassNotFoundException e) {
                continue;
            }
        }
        return false;
    }

    private static boolean has(Class<?> c, String member) {
        return Stream.of(c.getMethods()).anyMatch(m -> m.getName().equals(member))
                || Stream.of(c.getFields()).anyMatch(f -> f.getName().equals(member));
    }
}
