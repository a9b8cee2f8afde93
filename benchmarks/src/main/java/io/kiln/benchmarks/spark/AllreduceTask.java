package io.kiln.benchmarks.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.apache.spark.BarrierTaskContext;

/**
 * What each of the two executors does in a block of steps: fill an array, meet, sum it with the other one's, look at the
 * sums.
 *
 * @param maker of the exchange
 * @param bytes of the array
 * @param steps of the block
 */
record AllreduceTask(Exchange.Maker maker, int bytes, int steps) implements Serializable {

    private static final int SAMPLE = 1021;

    /** Seconds and checks of all steps, one after the other. */
    double[] run(BarrierTaskContext context) throws IOException {
        double[] outcome = new double[2 * steps];
        ByteBuffer array = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        try (Link link = Link.connect(context);
                Exchange exchange = maker.make(link, bytes / Float.BYTES)) {
            for (int step = 0; step < steps; step++) {
                fill(array.asFloatBuffer(), link.rank(), step);
                link.meet();
                long begin = System.nanoTime();
                exchange.sum(array, step);
                outcome[step] = (System.nanoTime() - begin) * 1e-9;
                outcome[steps + step] = look(array.asFloatBuffer());
                link.meet();
                exchange.settle(step);
            }
            return outcome;
        }
    }

    private static void fill(FloatBuffer array, int rank, int step) {
        float[] tile = new float[1 << 14];
        for (int begin = 0; begin < array.limit(); begin += tile.length) {
            int n = Math.min(tile.length, array.limit() - begin);
            for (int i = 0; i < n; i++) {
                tile[i] = (rank + 1) * ((begin + i) % 1000) + step;
            }
            array.put(begin, tile, 0, n);
        }
    }

    private static double look(FloatBuffer array) {
        double sum = 0;
        for (int i = 0; i < array.limit(); i += SAMPLE) {
            sum += array.get(i);
        }
        return sum;
    }
}
