package io.kiln.cpu.kernel;

import io.kiln.cpu.onednn.InstructionSet;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Locale;
import java.util.Objects;

/**
 * Operators on 16-bit types where oneDNN has no code for them on this processor: inputs become float32, the operator computes, and
 * its results are rounded once.
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

    /** What a user should know where the processor has no arithmetic of a type. */
    static String advice(DType dtype, String processor) {
        String instructions = dtype == DType.BFLOAT16 ? "AVX512_BF16 or AMX" : "AVX512_FP16";
        return String.format(
                Locale.ROOT,
                "%s: %s has no instructions for it (%s), so products convert their operands, compute in float32 and round once: they save memory, but take longer than in float32 and have fewer digits; to train or predict faster here, take Precision.FLOAT32 (in estimators precision \"float32\")",
                dtype.toString().toLowerCase(Locale.ROOT),
                processor,
                instructions);
    }

    /** Tells the user, once per JVM, when products in a type are slower on this processor than those of float32. */
    static void advise(DType dtype) {
        if (dtype == DType.BFLOAT16) {
            Objects.requireNonNull(Bfloat16.ADVICE);
        } else if (dtype == DType.FLOAT16) {
            Objects.requireNonNull(Float16.ADVICE);
        }
    }

    static NDArray[] run(Operator operator, NDArray[] inputs, Spec[] outputs) {
        if (!isNarrow(inputs[0].dtype()) || !Operands.served(DType.FLOAT32)) {
            return null;
        }
        try (Scope temporary = Scope.open()) {
            NDArray[] wide = new NDArray[inputs.length];
            Spec[] specs = new Spec[inputs.length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = isNarrow(inputs[i].dtype()) ? cast(inputs[i], DType.FLOAT32) : inputs[i];
                specs[i] = wide[i].spec();
            }
            NDArray[] results = inputs[0].backend().execute(operator, wide, operator.infer(specs));
            if (results == null) {
                return null;
            }
            NDArray[] rounded = new NDArray[results.length];
            for (int i = 0; i < results.length; i++) {
                boolean same = results[i].dtype() == outputs[i].dtype();
                rounded[i] = temporary.keep(same ? results[i] : cast(results[i], outputs[i].dtype()));
            }
            return rounded;
        }
    }

    private static NDArray cast(NDArray x, DType dtype) {
        return Dispatch.withoutGradient(new Cast(dtype), x);
    }

    private static boolean isNarrow(DType dtype) {
        return dtype == DType.BFLOAT16 || dtype == DType.FLOAT16;
    }
}
