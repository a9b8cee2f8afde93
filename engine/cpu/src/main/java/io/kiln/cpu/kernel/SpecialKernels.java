package io.kiln.cpu.kernel;

import io.kiln.cpu.KernelTable;
import io.kiln.op.CtcLoss;
import io.kiln.op.CtcLossGradient;
import io.kiln.op.GridSample;
import io.kiln.op.GridSampleGradient;
import io.kiln.op.Interpolate;
import io.kiln.op.InterpolateGradient;
import io.kiln.op.NonMaximumSuppression;
import io.kiln.op.RoiAlign;
import io.kiln.op.RoiAlignGradient;
import io.kiln.op.SegmentMax;
import io.kiln.op.SegmentMin;

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
        table.add(Interpolate.class, ResamplingKernels::forward);
        table.add(InterpolateGradient.class, ResamplingKernels::gradient);
        table.add(GridSample.class, GridKernels::forward);
        table.add(GridSampleGradient.class, GridKernels::gradient);
        table.add(RoiAlign.class, RoiKernels::forward);
        table.add(RoiAlignGradient.class, RoiKernels::gradient);
        table.add(NonMaximumSuppression.class, BoxKernels::suppress);
    }
}
