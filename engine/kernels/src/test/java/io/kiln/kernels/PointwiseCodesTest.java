package io.kiln.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.pointwise.Code;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each code of pointwise programs, interpreted and in a kernel of its own, gives what the CPU gives. */
class PointwiseCodesTest {
    /** Outputs of one program: as many as the interpreter takes, and more where each program costs a build. */
    private static final int INTERPRETED = 4;

    private static final int BUILT = 20;

    private final KernelDevice backend = DeviceUnderTest.get();

    @ParameterizedTest
    @CsvSource({
        "FLOAT32, true, 4e-6", "FLOAT32, false, 4e-6",
        "FLOAT64, true, 4e-14", "FLOAT64, false, 4e-14",
        "BFLOAT16, true, 0.008", "BFLOAT16, false, 0.008",
        "FLOAT16, true, 0.001", "FLOAT16, false, 0.001",
        "INT64, true, 0", "INT64, false, 0",
        "INT32, true, 0", "INT32, false, 0",
        "UINT8, true, 0", "UINT8, false, 0"
    })
    void everyCodeComputesWhatTheProcessorComputes(DType dtype, boolean interpreted, double tolerance)
            throws Exception {
        ComputeType type = ComputeType.of(dtype);
        List<Code> codes = new ArrayList<>();
        for (Code code : Code.values()) {
            if (code.operands() > 0 && Expressions.of(code, type) != null) {
                codes.add(code);
            }
        }
        assertTrue(codes.size() > 25, () -> codes.toString());
        int together = interpreted ? INTERPRETED : BUILT;
        for (int i = 0; i < codes.size(); i += together) {
            compare(codes.subList(i, Math.min(i + together, codes.size())), dtype, interpreted, tolerance);
        }
    }

    private void compare(List<Code> codes, DType dtype, boolean interpreted, double tolerance) throws Exception {
        Expr[] expressions = new Expr[codes.size()];
        for (int i = 0; i < expressions.length; i++) {
            expressions[i] = expression(codes.get(i));
        }
        PointwiseProgram program = PointwiseProgram.of(expressions);
        try (Scope scope = Scope.open()) {
            NDArray[] there = arrays(backend.device(), dtype);
            NDArray[] here = arrays(Device.cpu(), dtype);
            NDArray[] results = new NDArray[codes.size()];
            NDArray[] expected = new NDArray[codes.size()];
            for (int i = 0; i < results.length; i++) {
                results[i] = there[0].newArray(there[0].spec());
                expected[i] = here[0].newArray(here[0].spec());
            }
            assertTrue(new DevicePointwise(backend.kernels(), program, interpreted ? Long.MAX_VALUE : 0)
                    .run(there, results));
            Backends.get(Device.cpu()).run(program, here, expected);
            for (int i = 0; i < results.length; i++) {
                double[] x = results[i].toDoubleArray();
                double[] y = expected[i].toDoubleArray();
                double[] a = here[0].toDoubleArray();
                double[] b = here[1].toDoubleArray();
                for (int k = 0; k < x.length; k++) {
                    String what = codes.get(i) + " of " + a[k] + " and " + b[k];
                    double bound = Math.max(Math.abs(y[k]), 1e-3) * tolerance;
                    if (bound > 0 && Double.isFinite(bound)) {
                        assertEquals(y[k], x[k], bound, what);
                    } else {
                        assertEquals(y[k], x[k], what);
                    }
                }
            }
        }
    }

    /** The method of {@link Expr} of a code's name, on inputs 0 to 2. */
    private static Expr expression(Code code) throws Exception {
        Expr[] x = {Expr.input(0), Expr.input(1), Expr.input(2)};
        if (code == Code.SELECT) {
            return x[0].select(x[1], x[2]);
        }
        StringBuilder name = new StringBuilder();
        for (String part : code.name().split("_")) {
            name.append(
                    name.isEmpty()
                            ? part.toLowerCase(Locale.ROOT)
                            : part.charAt(0) + part.substring(1).toLowerCase(Locale.ROOT));
        }
        if (code.operands() == 1) {
            Method method = Expr.class.getMethod(name.toString());
            return (Expr) method.invoke(x[0]);
        }
        Method method = Expr.class.getMethod(name.toString(), Expr.class);
        return (Expr) method.invoke(x[0], x[1]);
    }

    private static NDArray[] arrays(Device device, DType dtype) {
        double[] a = {-7, -3.25, -1, -0.75, -0.5, -0.125, 0, 0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 6.5, 9};
        double[] b = {2, 3, -1, 0.5, 2, -2, 1, 3, -0.5, 4, 0.75, 0, 2, -3, 1.5, 1, 2, 3};
        ArrayFactory factory = ArrayFactory.on(device);
        Shape shape = Shape.of(3, 6);
        return new NDArray[] {
            factory.of(shape, a).cast(dtype),
            factory.of(shape, b).cast(dtype),
            factory.of(shape, a).cast(dtype)
        };
    }
}
