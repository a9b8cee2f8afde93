package io.kiln.op.table;

import io.kiln.graph.KnownRecords;
import io.kiln.op.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The operator table. A backend's test takes its {@link #rows()} and runs {@link TableChecks} on each of their calls, and
 * asks for the operators {@link #missing() without a row}, which must be none.
 */
public final class OperatorTable {
    /** They run another operator, with residuals beside its inputs and outputs; {@code ResidualsTest} checks them. */
    private static final Set<String> WRAPPERS = Set.of("keeping", "fromResiduals");

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
        rows.addAll(FlashAttentionRows.rows());
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
     * The operators that no row checks.
     *
     * @return their names
     */
    public static Set<String> missing() {
        Set<String> missing = new TreeSet<>(operators());
        Set<String> covered = rows().stream().map(r -> r.operator().name()).collect(Collectors.toSet());
        missing.removeAll(covered);
        return missing;
    }

    /**
     * The operators of all families, found by looking at their classes, without those that wrap others.
     *
     * @return their names
     */
    public static Set<String> operators() {
        Set<String> names = new TreeSet<>(KnownRecords.names(Operator.class));
        names.removeAll(WRAPPERS);
        return names;
    }
}
