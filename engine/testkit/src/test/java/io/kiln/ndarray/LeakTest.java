package io.kiln.ndarray;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Neural;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.op.shape.Movement;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Training steps leave no memory behind. */
@Tag("core")
class LeakTest {
    @Test
    void aThousandStepsHoldAsMuchMemoryAsTen() {
        RandomGenerator.seed(1);
        try (Scope outer = Scope.open()) {
            NDArray kernel = parameter(4, 1, 3, 3);
            NDArray bias = parameter(4);
            NDArray gamma = parameter(4);
            NDArray beta = parameter(4);
            NDArray weight = parameter(3, 64);
            NDArray mean = NDArray.zeros(Shape.of(4), DType.FLOAT32);
            NDArray variance = NDArray.ones(Shape.of(4), DType.FLOAT32);
            NDArray labels = NDArray.of(Shape.of(5), 0, 1, 2, 1, 0);
            long afterTen = 0;
            for (int step = 1; step <= 1000; step++) {
                try (Scope scope = Scope.open()) {
                    NDArray x = RandomOps.normal(Shape.of(5, 1, 8, 8), 0, 1, DType.FLOAT32);
                    NDArray loss;
                    try (Autograd.Mode record = Autograd.record()) {
                        NDArray h = Neural.convolution(x, kernel, bias, 1, 1);
                        NDArray[] normal = Neural.batchNorm(new BatchNormOp(1e-5, 0.9), h, gamma, beta, mean, variance);
                        mean.assign(normal[1]);
                        variance.assign(normal[2]);
                        h = Neural.maxPool(normal[0].relu(), List.of(2L, 2L), List.of(2L, 2L), List.of(0L, 0L));
                        h = Neural.dropout(h.flatten(1).tanh(), 0.1);
                        NDArray both = Movement.concat(0, h.slice(0, 0, 2), h.slice(0, 2, 5));
                        NDArray logits = Neural.linear(both, weight, null, Activation.NONE);
                        loss = Neural.softmaxCrossEntropy(logits, labels).mean();
                    }
                    Autograd.backward(loss);
                    for (NDArray p : List.of(kernel, bias, gamma, beta, weight)) {
                        p.assign(p.sub(Autograd.gradient(p).mul(0.01)));
                    }
                }
                if (step == 10) {
                    afterTen = Backends.current().allocator().liveBytes();
                }
            }
            assertTrue(afterTen > 0);
            // Less when the garbage collector frees what earlier tests left to it.
            assertTrue(Backends.current().allocator().liveBytes() <= afterTen);
        }
    }

    private static NDArray parameter(long... dims) {
        return Autograd.attachGradient(RandomOps.normal(Shape.of(dims), 0, 0.5, DType.FLOAT32));
    }

    @Test
    void gradientsOfHigherOrderLeaveNothingBehind() {
        try (Scope outer = Scope.open()) {
            NDArray x = Autograd.attachGradient(NDArray.of(0.1f, 0.2f, 0.3f));
            long before = Backends.current().allocator().liveBytes();
            for (int step = 0; step < 100; step++) {
                try (Scope scope = Scope.open()) {
                    try (Autograd.Mode record = Autograd.record()) {
                        NDArray y = x.sigmoid().mul(x.exp()).sum();
                        NDArray g = Autograd.grad(y, x, true);
                        Autograd.grad(g.square().sum(), x, false);
                    }
                }
            }
            // Less when the garbage collector frees what earlier tests left to it.
            assertTrue(Backends.current().allocator().liveBytes() <= before);
        }
    }
}
