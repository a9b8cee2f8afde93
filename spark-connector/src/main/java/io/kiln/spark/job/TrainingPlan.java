package io.kiln.spark.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kiln.format.ByteChunks;
import io.kiln.ndarray.DType;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.RowsReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Set;
import java.util.TreeSet;

/**
 * The settings of every worker of a fit. Travels as a broadcast variable: text, bytes and numbers.
 *
 * @param model what is trained
 * @param rule how weights are updated, as JSON
 * @param run how the job runs, with the actual number of cores
 * @param rows reads a worker's rows from its blocks
 * @param dataFingerprint a hash of the rows
 */
record TrainingPlan(Model model, String rule, RunSettings run, RowsReader rows, long dataFingerprint)
        implements Serializable {
    /**
     * What is trained.
     *
     * @param graph the network's JSON
     * @param values safetensors of the parameters with given initial values; may be empty
     * @param frozen names of the parameters that are not trained
     * @param input the form of the features
     * @param objective what training minimizes
     */
    record Model(String graph, ByteChunks values, Set<String> frozen, Input input, Objective objective)
            implements Serializable {
        /** Makes the set immutable and sorts it by name. */
        Model {
            frozen = Collections.unmodifiableSet(new TreeSet<>(frozen));
        }
    }

    /**
     * The form of the features. Fingerprints of checkpoints contain the factor under its original name.
     *
     * @param rowShape shape of a row
     * @param bytes whether they are uint8, otherwise float32
     * @param inputScale factor on them
     */
    record Input(long[] rowShape, boolean bytes, @JsonProperty("scale") double inputScale) implements Serializable {
        /** The form of batches of at most so many rows. */
        Batch.Form batches(int capacity) {
            return new Batch.Form(capacity, bytes ? DType.UINT8 : DType.FLOAT32, rowShape);
        }
    }

    int workers() {
        return run.cluster().numWorkers();
    }

    /**
     * A hash of everything that determines the bits of the result, except how long training continues: equal
     * fingerprints, equal weights after the same number of epochs.
     */
    String fingerprint() {
        RunSettings.Epochs e = run.epochs();
        RunSettings.Cluster c = run.cluster();
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Object part : new Object[] {
                model.graph(),
                new ObjectMapper().valueToTree(model.input()),
                model.objective(),
                rule,
                e.batchSize(),
                e.seed(),
                e.shuffle(),
                e.stopping().earlyStoppingPatience(),
                e.stopping().validationMetric(),
                e.arithmetic().precision(),
                c.numWorkers(),
                c.coresPerWorker(),
                c.device(),
                dataFingerprint,
                model.frozen()
            }) {
                byte[] text = part.toString().getBytes(StandardCharsets.UTF_8);
                digest.update(
                        ByteBuffer.allocate(Integer.BYTES).putInt(text.length).array());
                digest.update(text);
            }
            model.values().writeTo(new DigestOutputStream(OutputStream.nullOutputStream(), digest));
            return HexFormat.of().formatHex(digest.digest(), 0, 12);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        } catch (NoSuchAlgorithmException ex) {
            throw new IllegalStateException("every JVM has SHA-256", ex);
        }
    }
}
