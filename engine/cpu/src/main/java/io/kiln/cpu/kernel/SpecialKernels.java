package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.KernelTable;
import io.kiln.cpu.Routine;
import io.kiln.ndarray.Layout;
import io.kiln.op.Operator;
import io.kiln.op.index.SearchSorted;
import io.kiln.op.index.SegmentMax;
import io.kiln.op.index.SegmentMin;
import io.kiln.op.internal.Cofactors;
import io.kiln.op.internal.CtcLossGradient;
import io.kiln.op.internal.GridSampleGradient;
import io.kiln.op.internal.GroupNormGradient;
import io.kiln.op.internal.InterpolateGradient;
import io.kiln.op.internal.RoiAlignGradient;
import io.kiln.op.linalg.Cholesky;
import io.kiln.op.linalg.Determinant;
import io.kiln.op.linalg.Inverse;
import io.kiln.op.linalg.LogDeterminant;
import io.kiln.op.linalg.Qr;
import io.kiln.op.linalg.Solve;
import io.kiln.op.linalg.Svd;
import io.kiln.op.linalg.SymmetricEigen;
import io.kiln.op.linalg.TriangularSolve;
import io.kiln.op.math.Fft;
import io.kiln.op.nn.CtcLoss;
import io.kiln.op.nn.Fold;
import io.kiln.op.nn.GroupNormOp;
import io.kiln.op.nn.RmsNormOp;
import io.kiln.op.nn.Unfold;
import io.kiln.op.reduce.CumulativeMax;
import io.kiln.op.reduce.CumulativeMin;
import io.kiln.op.reduce.CumulativeProduct;
import io.kiln.op.sparse.CsrDot;
import io.kiln.op.sparse.CsrSampledDot;
import io.kiln.op.sparse.EmbeddingBagOp;
import io.kiln.op.vision.GridSample;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.NonMaximumSuppression;
import io.kiln.op.vision.RoiAlign;

/** Kernels of operators on sequences, segments, images and matrices, in plain Java with sums in float64. */
public final class SpecialKernels {
    private SpecialKernels() {}

    /**
     * Adds the kernels.
     *
     * @param table the table under construction
     */
    public static void contribute(KernelTable table) {
        table.addRoutine(CtcLoss.class, CtcKernels::loss);
        table.addRoutine(CtcLossGradient.class, CtcKernels::gradient);
        table.addRoutine(SegmentMax.class, SegmentKernels::max);
        table.addRoutine(SegmentMin.class, SegmentKernels::min);
        table.addRoutine(Fft.class, FourierKernels::fft);
        table.addRoutine(Unfold.class, WindowKernels::unfold);
        table.addRoutine(Fold.class, WindowKernels::fold);
        table.addRoutine(CumulativeProduct.class, ScanKernels::product);
        table.addRoutine(CumulativeMax.class, ScanKernels::max);
        table.addRoutine(CumulativeMin.class, ScanKernels::min);
        table.addRoutine(Cholesky.class, MatrixKernels::cholesky);
        table.addRoutine(TriangularSolve.class, MatrixKernels::triangularSolve);
        table.addRoutine(Inverse.class, MatrixKernels::inverse);
        table.addRoutine(Solve.class, MatrixKernels::solve);
        table.addRoutine(Determinant.class, MatrixKernels::determinant);
        table.addRoutine(Cofactors.class, MatrixKernels::cofactors);
        table.addRoutine(LogDeterminant.class, MatrixKernels::logDeterminant);
        table.addRoutine(Qr.class, MatrixKernels::qr);
        table.addRoutine(Svd.class, MatrixKernels::svd);
        table.addRoutine(SymmetricEigen.class, MatrixKernels::symmetricEigen);
        table.addRoutine(RmsNormOp.class, RowNorms::rms);
        table.add(GroupNormOp.class, (o, in, out, fallback) -> rows(in[0], o, RowNorms::group));
        table.add(GroupNormGradient.class, (o, in, out, fallback) -> rows(in[0], o, RowNorms::groupGradient));
        table.addRoutine(CsrDot.class, CsrKernels::dot);
        table.addRoutine(CsrSampledDot.class, CsrKernels::sampled);
        table.addRoutine(EmbeddingBagOp.class, CsrKernels::bag);
        table.addRoutine(SearchSorted.class, SearchKernels::searchSorted);
        table.addRoutine(Interpolate.class, ResamplingKernels::forward);
        table.addRoutine(InterpolateGradient.class, ResamplingKernels::gradient);
        table.addRoutine(GridSample.class, GridKernels::forward);
        table.addRoutine(GridSampleGradient.class, GridKernels::gradient);
        table.addRoutine(RoiAlign.class, RoiKernels::forward);
        table.addRoutine(RoiAlignGradient.class, RoiKernels::gradient);
        table.addRoutine(NonMaximumSuppression.class, BoxKernels::suppress);
    }

    private static KernelPlan rows(Layout x, Operator operator, Routine routine) {
        return x.size() == 0 ? null : KernelPlan.rowMajor((in, out, workspace) -> routine.run(operator, in, out));
    }
}
