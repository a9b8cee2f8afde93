package io.kiln.cpu.kernel;

import io.kiln.cpu.KernelTable;
import io.kiln.op.index.SearchSorted;
import io.kiln.op.index.SegmentMax;
import io.kiln.op.index.SegmentMin;
import io.kiln.op.linalg.Cholesky;
import io.kiln.op.linalg.Cofactors;
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
import io.kiln.op.nn.CtcLossGradient;
import io.kiln.op.nn.Fold;
import io.kiln.op.nn.GroupNorm;
import io.kiln.op.nn.GroupNormGradient;
import io.kiln.op.nn.RmsNorm;
import io.kiln.op.nn.Unfold;
import io.kiln.op.reduce.CumulativeMax;
import io.kiln.op.reduce.CumulativeMin;
import io.kiln.op.reduce.CumulativeProduct;
import io.kiln.op.sparse.CsrDot;
import io.kiln.op.sparse.CsrSampledDot;
import io.kiln.op.vision.GridSample;
import io.kiln.op.vision.GridSampleGradient;
import io.kiln.op.vision.Interpolate;
import io.kiln.op.vision.InterpolateGradient;
import io.kiln.op.vision.NonMaximumSuppression;
import io.kiln.op.vision.RoiAlign;
import io.kiln.op.vision.RoiAlignGradient;

/** Kernels of operators on sequences, segments, images and matrices, in plain Java with sums in float64. */
public final class SpecialKernels {
    private SpecialKernels() {}

    /**
     * Adds the kernels.
     *
     * @param table the table under construction
     */
    public static void contribute(KernelTable table) {
        table.add(CtcLoss.class, CtcKernels::loss);
        table.add(CtcLossGradient.class, CtcKernels::gradient);
        table.add(SegmentMax.class, SegmentKernels::max);
        table.add(SegmentMin.class, SegmentKernels::min);
        table.add(Fft.class, FourierKernels::fft);
        table.add(Unfold.class, WindowKernels::unfold);
        table.add(Fold.class, WindowKernels::fold);
        table.add(CumulativeProduct.class, ScanKernels::product);
        table.add(CumulativeMax.class, ScanKernels::max);
        table.add(CumulativeMin.class, ScanKernels::min);
        table.add(Cholesky.class, MatrixKernels::cholesky);
        table.add(TriangularSolve.class, MatrixKernels::triangularSolve);
        table.add(Inverse.class, MatrixKernels::inverse);
        table.add(Solve.class, MatrixKernels::solve);
        table.add(Determinant.class, MatrixKernels::determinant);
        table.add(Cofactors.class, MatrixKernels::cofactors);
        table.add(LogDeterminant.class, MatrixKernels::logDeterminant);
        table.add(Qr.class, MatrixKernels::qr);
        table.add(Svd.class, MatrixKernels::svd);
        table.add(SymmetricEigen.class, MatrixKernels::symmetricEigen);
        table.add(RmsNorm.class, RowNorms::rms);
        table.add(GroupNorm.class, RowNorms::group);
        table.add(GroupNormGradient.class, RowNorms::groupGradient);
        table.add(CsrDot.class, CsrKernels::dot);
        table.add(CsrSampledDot.class, CsrKernels::sampled);
        table.add(SearchSorted.class, SearchKernels::searchSorted);
        table.add(Interpolate.class, ResamplingKernels::forward);
        table.add(InterpolateGradient.class, ResamplingKernels::gradient);
        table.add(GridSample.class, GridKernels::forward);
        table.add(GridSampleGradient.class, GridKernels::gradient);
        table.add(RoiAlign.class, RoiKernels::forward);
        table.add(RoiAlignGradient.class, RoiKernels::gradient);
        table.add(NonMaximumSuppression.class, BoxKernels::suppress);
    }
}
