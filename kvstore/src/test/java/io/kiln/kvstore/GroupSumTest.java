package io.kiln.kvstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.SyncBatchNorm;
import io.kiln.op.distributed.Workers;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class GroupSumTest {
    private static float[] rows(int from, int to) {
        float[] values = new float[(to - from) * 3];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(from * 3 + i) * 5 + i % 3;
        }
        return values;
    }

    /** Gradient of the input and the running variance after one step on some rows. */
    private static float[][] step(Block norm, int from, int to) {
        try (Scope scope = Scope.open();
                Block block = norm) {
            NDArray x = Autograd.attachGradient(NDArray.of(Shape.of(to - from, 3), rows(from, to)));
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                loss = block.forward(x).pow(3).sum();
            }
            Autograd.backward(loss);
            return new float[][] {
                Autograd.gradient(x).toFloatArray(),
                block.parameters().get("running_variance").value().toFloatArray()
            };
        }
    }

    @Test
    void synchronisedNormsOfTwoRanksAreOneNormOfBothBatches() throws Exception {
        float[][] one = step(new BatchNorm(), 0, 10);
        List<float[][]> two = Ranks.run(2, transport -> {
            try (GroupSum sum = new GroupSum(transport);
                    Workers.Membership group = Workers.join(sum)) {
                boolean first = transport.rank() == 0;
                return step(new SyncBatchNorm(), first ? 0 : 4, first ? 4 : 10);
            }
        });
        float[] joined = new float[30];
        System.arraycopy(two.get(0)[0], 0, joined, 0, 12);
        System.arraycopy(two.get(1)[0], 0, joined, 12, 18);
        assertArrayEquals(one[0], joined, 1e-4f);
        for (float[][] rank : two) {
            assertArrayEquals(one[1], rank[1], 1e-4f);
        }
    }

    @Test
    void aNormWhosePeerFailsNamesItInsteadOfWaiting() throws Exception {
        List<Future<Object>> ranks = Ranks.start(2, new SparkConf(false), TransportOptions.DEFAULT, transport -> {
            if (transport.rank() == 1) {
                throw new IllegalStateException("bad row");
            }
            try (GroupSum sum = new GroupSum(transport);
                    Workers.Membership group = Workers.join(sum)) {
                return step(new SyncBatchNorm(), 0, 4);
            }
        });
        ExecutionException e =
                assertThrows(ExecutionException.class, () -> ranks.get(0).get());
        PeerFailedException failed = assertInstanceOf(PeerFailedException.class, e.getCause());
        assertEquals(1, failed.rank());
        assertTrue(failed.getMessage().contains("bad row"), failed.getMessage());
    }

    @Test
    void arraysOfAnyStridesAreSummed() throws Exception {
        List<float[]> sums = Ranks.run(2, transport -> {
            try (Scope scope = Scope.open();
                    GroupSum sum = new GroupSum(transport)) {
                NDArray x = NDArray.of(Shape.of(2, 3), rows(0, 2));
                sum.sum(x.transpose(1, 0));
                return x.toFloatArray();
            }
        });
        float[] own = rows(0, 2);
        for (int i = 0; i < own.length; i++) {
            own[i] *= 2;
        }
        sums.forEach(s -> assertArrayEquals(own, s));
    }
}
