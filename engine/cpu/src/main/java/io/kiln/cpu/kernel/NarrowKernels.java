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

/**
 * Operators on 16-bit types where oneDNN has no code for them on this processor: inputs become float32, the operator computes, and
 * its results are rounded once.
 */
final class NarrowKernels {
    private static final Logger LOG = System.getLogger(NarrowKernels.class.getName());

    private NarrowKernels() {}

    /** Logs once per JVM, on first use, that bfloat16 does not pay on this processor. */
    private static final class Advice {
        static final Advice ONCE = new Advice();

        private Advice() {
            if (!InstructionSet.multipliesBfloat16()) {
                LOG.log(
                        Level.WARNING,
                        "bfloat16: this processor has no instructions for it (AVX512_BF16 or AMX), so that products convert"
                                + " their operands and are slower than in float32; use Precision.FLOAT32 here, unless memory"
                                + " matters more than time");
            }
        }

        void isGiven() {
            // Looking at the instance has given it.
        }
    }

    /** Tells the user, once per JVM, when products in a type are slower on this processor than those of float32. */
    static void advise(DType dtype) {
        if (dtype == DType.BFLOAT16) {
            Advice.ONCE.isGiven();
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
