package io.kiln.spark.job;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * All that a worker needs to go on as if nothing had happened.
 *
 * @param progress where it stands
 * @param statistics safetensors of its running statistics
 * @param exchange its slices of weights and optimizer states
 * @param best safetensors of the best epoch's weights, on rank 0 with early stopping; otherwise empty
 */
record WorkerState(Progress progress, byte[] statistics, byte[] exchange, byte[] best) {
    private static final int MAGIC = 0x4b4c4e53;
    private static final int VERSION = 2;

    /**
     * Where a worker stands.
     *
     * @param epoch the current epoch, from 0
     * @param step the next step of it
     * @param lossSum this worker's sum of weighted losses in this epoch
     * @param weightSum this worker's sum of weights in this epoch
     * @param skipped steps of this epoch that were left out because gradients overflowed
     * @param bestValue best value of the validation metric so far
     * @param bestEpoch the epoch it was reached in, from 1; 0 for none
     */
    record Progress(
            int epoch, int step, double lossSum, double weightSum, int skipped, double bestValue, int bestEpoch) {
        static final Progress START = new Progress(0, 0, 0, 0, 0, Double.NaN, 0);

        /** The next step of the same epoch. */
        Progress next() {
            return new Progress(epoch, step + 1, lossSum, weightSum, skipped, bestValue, bestEpoch);
        }

        /** After a batch with this mean loss. */
        Progress add(double loss, double weight) {
            return new Progress(
                    epoch, step, lossSum + loss * weight, weightSum + weight, skipped, bestValue, bestEpoch);
        }

        /** After a step that was left out. */
        Progress skip() {
            return new Progress(epoch, step, lossSum, weightSum, skipped + 1, bestValue, bestEpoch);
        }
    }

    byte[] write() {
        ByteArrayOutputStream bytes =
                new ByteArrayOutputStream(128 + statistics.length + exchange.length + best.length);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(MAGIC);
            out.writeInt(VERSION);
            out.writeInt(progress.epoch());
            out.writeInt(progress.step());
            out.writeDouble(progress.lossSum());
            out.writeDouble(progress.weightSum());
            out.writeInt(progress.skipped());
            out.writeDouble(progress.bestValue());
            out.writeInt(progress.bestEpoch());
            for (byte[] part : new byte[][] {statistics, exchange, best}) {
                out.writeInt(part.length);
                out.write(part);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static WorkerState read(byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readInt() != MAGIC) {
                throw new IllegalArgumentException("worker state: these bytes are none");
            }
            int version = in.readInt();
            if (version != VERSION) {
                throw new IllegalArgumentException(
                        "worker state: is of version %d, this version of Kiln reads %d".formatted(version, VERSION));
            }
            Progress p = new Progress(
                    in.readInt(),
                    in.readInt(),
                    in.readDouble(),
                    in.readDouble(),
                    in.readInt(),
                    in.readDouble(),
                    in.readInt());
            return new WorkerState(p, part(in), part(in), part(in));
        } catch (IOException e) {
            throw new IllegalArgumentException("worker state: damaged: " + e.getMessage(), e);
        }
    }

    private static byte[] part(DataInputStream in) throws IOException {
        int n = in.readInt();
        if (n < 0 || n > in.available()) {
            throw new IOException("a part has %d bytes, %d are left".formatted(n, in.available()));
        }
        return in.readNBytes(n);
    }
}
