package io.kiln.spark.job;

import io.kiln.format.ByteChunks;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Everything a worker needs to continue as if nothing had happened, as a stream: i32 "KLNS", i32 version (4), its
 * progress (without losses of outputs before version 4), then three parts, each with an i64 length (i32 in version 2): safetensors of its running statistics, its
 * slices of weights and optimizer states, and the best weights. Numbers are big-endian.
 *
 * @param progress its position in the training
 * @param best safetensors of the best epoch's weights, on rank 0 with early stopping; otherwise empty
 */
record WorkerState(Progress progress, ByteChunks best) {
    private static final int MAGIC = 0x4b4c4e53;
    private static final int VERSION = 4;
    private static final int WITHOUT_OUTPUTS = 3;
    private static final int WITH_SHORT_PARTS = 2;

    /**
     * A worker's position in the training.
     *
     * @param epoch the current epoch, from 0
     * @param step the next step of this epoch
     * @param lossSum this worker's sum of weighted losses in this epoch
     * @param weightSum this worker's sum of weights in this epoch
     * @param skipped steps of this epoch that were skipped because gradients overflowed
     * @param bestValue best value of the validation metric so far
     * @param bestEpoch the epoch it was reached in, from 1; 0 for none
     * @param outputSums this worker's sums of weighted losses of each output in this epoch, as far as outputs have names
     */
    record Progress(
            int epoch,
            int step,
            double lossSum,
            double weightSum,
            int skipped,
            double bestValue,
            int bestEpoch,
            List<Double> outputSums) {
        /** Makes the list unmodifiable. */
        Progress {
            outputSums = List.copyOf(outputSums);
        }

        /** The beginning of a training. */
        static Progress start(int outputs) {
            return new Progress(0, 0, 0, 0, 0, Double.NaN, 0, Collections.nCopies(outputs, 0.0));
        }

        /** The beginning of the next epoch. */
        Progress nextEpoch(double newBest, int itsEpoch) {
            return new Progress(epoch + 1, 0, 0, 0, 0, newBest, itsEpoch, Collections.nCopies(outputSums.size(), 0.0));
        }

        /** The next step of the same epoch. */
        Progress next() {
            return new Progress(epoch, step + 1, lossSum, weightSum, skipped, bestValue, bestEpoch, outputSums);
        }

        /**
         * The progress after a batch.
         *
         * @param loss its mean loss
         * @param weight its weight
         * @param outputs the mean loss of each output
         */
        Progress add(double loss, double weight, double... outputs) {
            List<Double> sums = new ArrayList<>(outputSums);
            for (int i = 0; i < outputs.length; i++) {
                sums.set(i, sums.get(i) + outputs[i] * weight);
            }
            return new Progress(
                    epoch, step, lossSum + loss * weight, weightSum + weight, skipped, bestValue, bestEpoch, sums);
        }

        /** The progress after a skipped step. */
        Progress skip() {
            return new Progress(epoch, step, lossSum, weightSum, skipped + 1, bestValue, bestEpoch, outputSums);
        }
    }

    /** Writes this state together with that of the network. */
    void write(OutputStream to, NetworkReplica network) throws IOException {
        DataOutputStream out = new DataOutputStream(to);
        out.writeInt(MAGIC);
        out.writeInt(VERSION);
        out.writeInt(progress.epoch());
        out.writeInt(progress.step());
        out.writeDouble(progress.lossSum());
        out.writeDouble(progress.weightSum());
        out.writeInt(progress.skipped());
        out.writeDouble(progress.bestValue());
        out.writeInt(progress.bestEpoch());
        out.writeInt(progress.outputSums().size());
        for (double sum : progress.outputSums()) {
            out.writeDouble(sum);
        }
        ByteChunks statistics = network.statistics();
        out.writeLong(statistics.length());
        statistics.writeTo(out);
        out.writeLong(network.exchange().sliceBytes());
        network.exchange().saveSlice(out);
        out.writeLong(best.length());
        best.writeTo(out);
        out.flush();
    }

    /**
     * Reads a state and restores the network's part at once.
     *
     * @param outputs the number of outputs whose losses are told
     * @throws IllegalArgumentException if the bytes are not a state, or the state of another training
     */
    static WorkerState read(InputStream from, NetworkReplica network, int outputs) {
        try {
            DataInputStream in = new DataInputStream(from);
            if (in.readInt() != MAGIC) {
                throw new IllegalArgumentException("worker state: not a worker state, or a damaged one");
            }
            int version = in.readInt();
            if (version < WITH_SHORT_PARTS || version > VERSION) {
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
                    in.readInt(),
                    version <= WITHOUT_OUTPUTS ? Collections.nCopies(outputs, 0.0) : sums(in, outputs));
            network.restoreStatistics(ByteChunks.read(in, length(in, version)));
            long slice = length(in, version);
            if (slice != network.exchange().sliceBytes()) {
                throw new IllegalArgumentException(
                        "worker state: its slice must have %d bytes, got %d: it is of another training"
                                .formatted(network.exchange().sliceBytes(), slice));
            }
            network.exchange().restoreSlice(in);
            return new WorkerState(p, ByteChunks.read(in, length(in, version)));
        } catch (EOFException e) {
            throw new IllegalArgumentException("worker state: damaged: it ends too early", e);
        } catch (IOException e) {
            throw new IllegalArgumentException("worker state: damaged: " + e.getMessage(), e);
        }
    }

    private static List<Double> sums(DataInputStream in, int outputs) throws IOException {
        int count = in.readInt();
        if (count != outputs) {
            throw new IllegalArgumentException(
                    "worker state: it has losses of %d outputs, the network has %d: it is of another training"
                            .formatted(count, outputs));
        }
        List<Double> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(in.readDouble());
        }
        return all;
    }

    private static long length(DataInputStream in, int version) throws IOException {
        return version == WITH_SHORT_PARTS ? in.readInt() : in.readLong();
    }
}
