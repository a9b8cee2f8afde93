package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.InstructionSet;
import io.kiln.cpu.tile.PointwiseKernels;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Locale;
import java.util.Objects;

/**
 * Operators on 16-bit dtypes for which oneDNN has no code on this processor: inputs are converted to float32, the
 * operator computes, and its results are rounded once.
 */
final class NarrowKernels {
    private static final Logger LOG = System.getLogger(NarrowKernels.class.getName());

    private NarrowKernels() {}

    /** Logs once per JVM, on first use. */
    private static final class Bfloat16 {
        static final Bfloat16 ADVICE = new Bfloat16();

        private Bfloat16() {
            warn(DType.BFLOAT16, InstructionSet.multipliesBfloat16());
        }
    }

    /** Logs once per JVM, on first use. */
    private static final class Float16 {
        static final Float16 ADVICE = new Float16();

        private Float16() {
            warn(DType.FLOAT16, InstructionSet.multipliesFloat16());
        }
    }

    private static void warn(DType dtype, boolean multiplies) {
        if (!multiplies) {
            LOG.log(Level.WARNING, advice(dtype, InstructionSet.processor()));
        }
    }

    /** Advice for users whose processor has no arithmetic in a dtype. */
    static String advice(DType dtype, String processor) {
        String instructions = dtype == DType.BFLOAT16 ? "AVX512_BF16 or AMX" : "AVX512_FP16";
        return String.format(
                Locale.ROOT,
                "%s: %s has no instructions for it (%s), so products convert their operands, compute in float32 and round once: they save memory, but take longer than in float32 and have fewer digits; to train or predict faster here, take Precision.FLOAT32 (in estimators precision \"float32\")",
                dtype.toString().toLowerCase(Locale.ROOT),
                processor,
                instructions);
    }

    /** Warns the user, once per JVM, if products in a dtype are slower on this processor than in float32. */
    static void advise(DType dtype) {
        if (dtype == DType.BFLOAT16) {
            Objects.requireNonNull(Bfloat16.ADVICE);
        } else if (dtype == DType.FLOAT16) {
            Objects.requireNonNull(Float16.ADVICE);
        }
    }

    static KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        if (!isNarrow(inputs[0].dtype()) || !Operands.served(DType.FLOAT32)) {
            return null;
        }
        Layout[] wide = new Layout[inputs.length];
        Spec[] specs = new Spec[inputs.length];
        for (int i = 0; i < wide.length; i++) {
            specs[i] = isNarrow(inputs[i].dtype()) ? new Spec(inputs[i].shape(), DType.FLOAT32) : inputs[i].spec();
            wide[i] = isNarrow(inputs[i].dtype())
                    ? new Layout(specs[i], PointwiseKernels.layout(new Layout[] {inputs[i]}, inputs[i].shape()))
                    : inputs[i];
        }
        Spec[] results = operator.infer(specs);
        KernelPlan plan = fallback.all(operator, wide, results);
        if (plan == null) {
            return null;
        }
        Layout[] made = new Layout[inputs.length + results.length];
        for (int i = 0; i < made.length; i++) {
            int y = i - inputs.length;
            Layout array = y < 0 ? wide[i] : plan.layout(y, results[y]);
            made[i] = array.dtype() == (y < 0 ? inputs[i].dtype() : outputs[y].dtype()) ? null : array;
        }
        return new KernelPlan(
                plan.strides(),
                DeviceWorkspace.bytes(made),
                (in, out, workspace) -> run(plan, made, new DeviceWorkspace(workspace), in, out));
    }

    /** Runs on copies; arrays that need none are not copied. */
    private static void run(
            KernelPlan plan, Layout[] copies, DeviceWorkspace workspace, NDArray[] inputs, NDArray[] outputs) {
        NDArray[] in = inputs.clone();
        for (int i = 0; i < in.length; i++) {
            in[i] = copies[i] == null ? in[i] : convert(in[i], workspace.next(copies[i]));
        }
        NDArray[] out = outputs.clone();
        for (int i = 0; i < out.length; i++) {
            Layout copy = copies[in.length + i];
            out[i] = copy == null ? out[i] : workspace.next(copy);
        }
        plan.run(outputs[0].backend(), in, out);
        for (int i = 0; i < out.length; i++) {
            if (out[i] != outputs[i]) {
                convert(out[i], outputs[i]);
            }
        }
    }

    private static NDArray convert(NDArray from, NDArray to) {
        Dispatch.into(new Cast(to.dtype()), new NDArray[] {from}, to);
        return to;
    }

    private static boolean isNarrow(DType dtype) {
        return dtype == DType.BFLOAT16 || dtype == DType.FLOAT16;
    }
}
