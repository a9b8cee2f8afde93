package io.kiln.op.table;

import io.kiln.op.Operator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The operator table. A backend's test takes its {@link #rows()} and runs {@link TableChecks} on each of their calls, and
 * asks for the operators {@link #missing() without a row}, which must be none.
 */
public final class OperatorTable {
    private OperatorTable() {}

    /**
     * All rows.
     *
     * @return the rows
     */
    public static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        rows.addAll(ElementwiseRows.rows());
        rows.addAll(ActivationRows.rows());
        rows.addAll(ReductionRows.rows());
        rows.addAll(MovementRows.rows());
        rows.addAll(IndexingRows.rows());
        rows.addAll(RandomRows.rows());
        rows.addAll(NeuralRows.rows());
        rows.addAll(ConvolutionRows.rows());
        rows.addAll(PoolingRows.rows());
        rows.addAll(NormalisationRows.rows());
        rows.addAll(RecurrentRows.rows());
        rows.addAll(AttentionRows.rows());
        rows.addAll(ControlRows.rows());
        rows.addAll(LinalgRows.rows());
        rows.addAll(DecompositionRows.rows());
        rows.addAll(FunctionRows.rows());
        rows.addAll(SequenceRows.rows());
        rows.addAll(SegmentRows.rows());
        rows.addAll(VisionRows.rows());
        rows.addAll(SparseRows.rows());
        rows.addAll(StructureRows.rows());
        return rows;
    }

    /**
     * The operators of {@code io.kiln.op} that no row checks.
     *
     * @return their class names
     */
    public static Set<String> missing() {
        Set<String> missing = new TreeSet<>(operators());
        Set<String> covered = rows().stream()
                .map(r -> r.operator().getClass().getSimpleName())
                .collect(Collectors.toSet());
        missing.removeAll(covered);
        return missing;
    }

    /**
     * The operators of {@code io.kiln.op}, found by looking at its classes.
     *
     * @return their class names
     */
    public static Set<String> operators() {
        try {
            URI place = Operator.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
            Path path = Path.of(place);
            if (Files.isDirectory(path)) {
                return operators(path.resolve("io/kiln/op"));
            }
            try (FileSystem jar = FileSystems.newFileSystem(path, Map.of())) {
                return operators(jar.getPath("io/kiln/op"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Set<String> operators(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString())
                    .filter(n -> n.endsWith(".class") && !n.contains("$") && !n.startsWith("package-info"))
                    .map(n -> n.substring(0, n.length() - ".class".length()))
                    .filter(OperatorTable::isOperator)
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static boolean isOperator(String name) {
        try {
            Class<?> c = Class.forName("io.kiln.op." + name, false, Operator.class.getClassLoader());
            return Operator.class.isAssignableFrom(c) && c.isRecord();
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
