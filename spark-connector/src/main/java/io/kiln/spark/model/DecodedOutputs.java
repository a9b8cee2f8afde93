package io.kiln.spark.model;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.GraphBlock;
import io.kiln.op.index.Indexing;
import io.kiln.op.nn.Neural;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.feed.InputBinding;
import io.kiln.spark.feed.NetworkInputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * A column of sequences that a network generates token by token: arrays of bigint, without start and end. The network is
 * called for each step with all tokens so far, in one of its inputs; the scores after the last one decide which follow. An
 * input of one length is padded with 0, which must not change the scores before it.
 *
 * @param logits the value with the scores of tokens, [N,L,tokens]
 * @param input the input that takes the tokens so far, [N,L]
 * @param start the token before each sequence
 * @param end the token that ends one
 * @param width the length of the input; {@link Shape#UNKNOWN} if it takes any
 * @param longest the most tokens of a sequence
 * @param beams how many sequences of a row are followed: {@link BeamSearch}
 */
public record DecodedOutputs(String logits, String input, int start, int end, long width, int longest, int beams)
        implements RowOutputs {
    private static final int RANK = 3;

    /** The type of the column. */
    public static final DataType TYPE = DataTypes.createArrayType(DataTypes.LongType, false);

    /**
     * Checks that the value has scores of tokens.
     *
     * @param part the part of the network that computes it alone
     * @return this
     * @throws IllegalArgumentException if they have another shape
     */
    public DecodedOutputs check(Graph part) {
        Spec scores = part.spec(part.outputs().get(0));
        if (scores.shape().rank() != RANK || !scores.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "decoderInput: \"%s\" is %s; expected scores of tokens for each element of a sequence, [N,L,tokens]; name them in outputNames"
                            .formatted(logits, scores));
        }
        return this;
    }

    @Override
    public List<String> names() {
        return List.of(logits);
    }

    @Override
    public Object[] unknown() {
        return new Object[1];
    }

    /** {@return none: each step takes those rows of the inputs whose sequences go on} */
    @Override
    public Set<Integer> sparseFields(TrainedNetwork network, NetworkInputs inputs) {
        return Set.of();
    }

    @Override
    public List<Object[]> compute(TrainedNetwork network, NetworkInputs inputs, Batch batch, int usual, int threads) {
        return network.predicting(batch.rows(), threads, () -> {
            GraphBlock part = network.part(names());
            Map<String, NDArray> given = new HashMap<>();
            for (NetworkInputs.Slot s : inputs.slots()) {
                given.put(s.name(), inputs.arrays(s, batch)[0]);
            }
            int[][] found = new BeamSearch(start, end, longest, beams)
                    .search(batch.rows(), (rows, sequences, most) -> next(part, given, rows, sequences, most));
            List<Object[]> columns = new ArrayList<>();
            for (int[] tokens : found) {
                columns.add(new Object[] {
                    new GenericArrayData(Arrays.stream(tokens).asLongStream().toArray())
                });
            }
            return columns;
        });
    }

    private BeamSearch.Tokens next(
            GraphBlock part, Map<String, NDArray> given, int[] rows, int[][] sequences, int most) {
        int n = rows.length;
        int length = sequences[0].length;
        try (Scope scope = Scope.open()) {
            NDArray which = NDArray.of(Shape.of(n), rows);
            int padded = width == Shape.UNKNOWN ? length : Math.toIntExact(width);
            int[] all = new int[n * padded];
            for (int i = 0; i < n; i++) {
                System.arraycopy(sequences[i], 0, all, i * padded, length);
            }
            NDArray tokens = NDArray.of(Shape.of(n, padded), all);
            List<NDArray> in = new ArrayList<>();
            for (Graph.Input i : part.graph().inputs()) {
                NDArray x = given.containsKey(i.name())
                        ? Indexing.gather(given.get(i.name()), which, 0)
                        : i.name().equals(input) ? tokens : companion(i, tokens.shape(), length);
                in.add(x.dtype() == i.spec().dtype() ? x : x.cast(i.spec().dtype()));
            }
            NDArray scores = part.forwardAll(in.toArray(new NDArray[0]))[0].slice(1, length - 1, length);
            long count = scores.shape().dim(-1);
            int each = (int) Math.min(most, count);
            NDArray[] top =
                    Indexing.topK(Neural.logSoftmax(scores.reshape(n, count).cast(DType.FLOAT32), -1), each, -1);
            float[] logProbabilities = top[0].toFloatArray();
            for (float p : logProbabilities) {
                if (Float.isNaN(p)) {
                    throw new IllegalArgumentException(
                            "predict: %s is NaN after %d tokens, so that none is the likeliest; check the inputs and the model's weights"
                                    .formatted(logits, length - 1));
                }
            }
            return new BeamSearch.Tokens(each, top[1].cast(DType.INT64).toLongArray(), logProbabilities);
        } catch (IndexRangeException e) {
            throw new IllegalArgumentException(
                    "predict: " + e.getMessage() + ", or startToken " + start + " is none", e);
        }
    }

    /** The lengths or the mask of the tokens so far. */
    private NDArray companion(Graph.Input i, Shape tokens, int length) {
        if (i.name().equals(InputBinding.lengthOf(input))) {
            return NDArray.full(tokens.without(1), length, i.spec().dtype());
        }
        NDArray mask = NDArray.zeros(tokens, i.spec().dtype());
        mask.slice(1, 0, length)
                .assign(NDArray.ones(Shape.of(tokens.dim(0), length), i.spec().dtype()));
        return mask;
    }
}
