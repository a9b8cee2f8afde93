package io.kiln.cpu.kernel;

import io.kiln.cpu.KernelTable;
import io.kiln.op.Cholesky;
import io.kiln.op.Cofactors;
import io.kiln.op.CsrDot;
import io.kiln.op.CsrSampledDot;
import io.kiln.op.CtcLoss;
import io.kiln.op.CtcLossGradient;
import io.kiln.op.CumulativeMax;
import io.kiln.op.CumulativeMin;
import io.kiln.op.CumulativeProduct;
import io.kiln.op.Determinant;
import io.kiln.op.Fft;
import io.kiln.op.Fold;
import io.kiln.op.GridSample;
import io.kiln.op.GridSampleGradient;
import io.kiln.op.GroupNorm;
import io.kiln.op.GroupNormGradient;
import io.kiln.op.Interpolate;
import io.kiln.op.InterpolateGradient;
import io.kiln.op.Inverse;
import io.kiln.op.LogDeterminant;
import io.kiln.op.NonMaximumSuppression;
import io.kiln.op.Qr;
import io.kiln.op.RmsNorm;
import io.kiln.op.RoiAlign;
import io.kiln.op.RoiAlignGradient;
import io.kiln.op.SearchSorted;
import io.kiln.op.SegmentMax;
import io.kiln.op.SegmentMin;
import io.kiln.op.Solve;
import io.kiln.op.Svd;
import io.kiln.op.SymmetricEigen;
import io.kiln.op.TriangularSolve;
import io.kiln.op.Unfold;

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
