package io.kiln.kvstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.kiln.ndarray.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where a step that is given to a device in few calls is cut. */
class SendForecastTest {
    /** Parameters "0", "1", … of these sizes, each in a bucket of its own, the last one in the first. */
    private static List<String> sent(int[] order, long... sizes) {
        DType[] dtypes = new DType[sizes.length];
        Arrays.fill(dtypes, DType.FLOAT32);
        boolean[] decayed = new boolean[sizes.length];
        BucketLayout layout = new BucketLayout(sizes, dtypes, decayed, new double[sizes.length], 2, false, 1);
        List<ExchangeBucket> buckets = new ArrayList<>();
        for (BucketLayout.Bucket b : layout.buckets()) {
            buckets.add(new ExchangeBucket(b, 0, 2, 0));
        }
        SendForecast forecast = new SendForecast(i -> "" + i, buckets);
        List<String> sent = new ArrayList<>();
        for (int parameter : order) {
            if (forecast.isWorthSending("" + parameter)) {
                sent.add("" + parameter);
            }
        }
        assertFalse(forecast.isWorthSending("a table"), "in no bucket");
        buckets.forEach(ExchangeBucket::close);
        return sent;
    }

    @Test
    void eachBucketButTheLastIsSentInMidStep() {
        assertEquals(List.of("2", "1"), sent(new int[] {2, 1, 0}, 100, 100, 100));
    }

    @Test
    void bucketsAreSentInOrderSoThatALaterOneWaits() {
        assertEquals(List.of("2"), sent(new int[] {1, 2, 0}, 100, 100, 100));
    }

    @Test
    void manyBucketsAreSentInAboutEightParts() {
        int n = 32;
        long[] sizes = new long[n];
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            sizes[i] = 160;
            order[i] = n - 1 - i;
        }
        assertEquals(List.of("28", "24", "20", "16", "12", "8", "4"), sent(order, sizes));
    }

    @Test
    void aSingleWorkerSendsNothing() {
        assertFalse(new SendForecast(i -> "" + i, List.of()).isWorthSending("0"));
    }
}
