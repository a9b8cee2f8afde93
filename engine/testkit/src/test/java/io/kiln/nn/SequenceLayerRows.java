package io.kiln.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.rnn.BidirectionalCell;
import io.kiln.nn.rnn.ConvCell;
import io.kiln.nn.rnn.ConvGruCell;
import io.kiln.nn.rnn.ConvLstmCell;
import io.kiln.nn.rnn.ConvRnnCell;
import io.kiln.nn.rnn.DropoutCell;
import io.kiln.nn.rnn.Gru;
import io.kiln.nn.rnn.GruCell;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.LstmCell;
import io.kiln.nn.rnn.RecurrentCell;
import io.kiln.nn.rnn.ResidualCell;
import io.kiln.nn.rnn.Rnn;
import io.kiln.nn.rnn.RnnCell;
import io.kiln.nn.rnn.SequenceLayout;
import io.kiln.nn.rnn.SequentialCell;
import io.kiln.nn.rnn.VariationalDropoutCell;
import io.kiln.nn.rnn.ZoneoutCell;
import io.kiln.nn.transformer.FeedForward;
import io.kiln.nn.transformer.LearnedPositions;
import io.kiln.nn.transformer.MultiHeadAttention;
import io.kiln.nn.transformer.RotaryPositions;
import io.kiln.nn.transformer.SinusoidalPositions;
import io.kiln.nn.transformer.TransformerDecoder;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;
import io.kiln.op.activation.Activation;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Layers of sequences for {@link LayersTest}. */
final class SequenceLayerRows {
    private static final Shape SEQUENCE = Shape.of(3, 4, 6);

    private SequenceLayerRows() {}

    /** A cell over a sequence whose batch comes first. */
    private static final class Unroll extends Block {
        private final RecurrentCell cell;

        Unroll(RecurrentCell cell) {
            this.cell = addChild("cell", cell);
        }

        @Override
        public NDArray forward(NDArray x) {
            return cell.unroll(x, SequenceLayout.NTC).outputs();
        }
    }

    static Stream<LayersTest.Row> rows() {
        return Stream.of(layers(), cells(), transformers()).flatMap(s -> s);
    }

    private static Stream<LayersTest.Row> layers() {
        return Stream.of(
                row("lstm", () -> new Lstm(5), SEQUENCE, Shape.of(3, 4, 5)),
                row(
                        "lstm of two layers in both directions",
                        () -> Lstm.builder()
                                .hidden(5)
                                .layers(2)
                                .bidirectional(true)
                                .dropout(0.3)
                                .layout(SequenceLayout.NTC)
                                .build(),
                        SEQUENCE,
                        Shape.of(3, 4, 10)),
                row(
                        "lstm with projection",
                        () -> Lstm.builder().hidden(5).projection(3).layers(2).build(),
                        SEQUENCE,
                        Shape.of(3, 4, 3)),
                row("gru", () -> Gru.builder().hidden(5).layers(2).build(), SEQUENCE, Shape.of(3, 4, 5)),
                row(
                        "rnn",
                        () -> Rnn.builder()
                                .hidden(5)
                                .bidirectional(true)
                                .activation(Activation.RELU)
                                .build(),
                        SEQUENCE,
                        Shape.of(3, 4, 10)));
    }

    private static Stream<LayersTest.Row> cells() {
        Shape vector = Shape.of(3, 6);
        Shape video = Shape.of(2, 3, 4, 5, 6);
        return Stream.of(
                row("lstm cell", () -> new LstmCell(5), vector, Shape.of(3, 5)),
                row("lstm cell with projection", () -> new LstmCell(5, 2), vector, Shape.of(3, 2)),
                row("gru cell", () -> new GruCell(5), vector, Shape.of(3, 5)),
                row("rnn cell", () -> new RnnCell(5), vector, Shape.of(3, 5)),
                unrolled("lstm cell unrolled", () -> new LstmCell(5), 5),
                unrolled("sequential cell", () -> stack(new LstmCell(5), new DropoutCell(0.3), new GruCell(4)), 4),
                unrolled("bidirectional cell", () -> new BidirectionalCell(new LstmCell(5), new RnnCell(2)), 7),
                unrolled("residual cell", () -> new ResidualCell(new GruCell(6)), 6),
                unrolled("zoneout cell", () -> new ZoneoutCell(new LstmCell(5), 0.4, 0.3), 5),
                unrolled(
                        "variational dropout cell",
                        () -> new VariationalDropoutCell(new LstmCell(5), 0.2, 0.3, 0.4),
                        5),
                row(
                        "convolutional lstm cell",
                        () -> new Unroll(new ConvLstmCell(ConvCell.Settings.same(2, 3, 2))),
                        video,
                        Shape.of(2, 3, 2, 5, 6)),
                row(
                        "convolutional gru cell",
                        () -> new Unroll(new ConvGruCell(
                                new ConvCell.Settings(2, List.of(3L, 2L), List.of(0L, 1L), List.of(1L, 3L)))),
                        video,
                        Shape.of(2, 3, 2, 3, 7)),
                row(
                        "convolutional rnn cell",
                        () -> new Unroll(new ConvRnnCell(ConvCell.Settings.same(2, 3, 1))),
                        Shape.of(2, 3, 4, 5),
                        Shape.of(2, 3, 2, 5)));
    }

    private static Stream<LayersTest.Row> transformers() {
        TransformerSettings plain = TransformerSettings.of(6, 2, 8);
        TransformerSettings modern = TransformerSettings.of(6, 3, 8)
                .with(FeedForward.Kind.SWIGLU)
                .normalisedFirst()
                .hidingLater()
                .withRotary(9)
                .withKeyHeads(1)
                .withDropout(0.2);
        return Stream.of(
                row("multi-head attention", () -> new MultiHeadAttention(6, 3), SEQUENCE, SEQUENCE),
                row("sinusoidal positions", () -> new SinusoidalPositions(9), SEQUENCE, SEQUENCE),
                row("learned positions", () -> new LearnedPositions(9), SEQUENCE, SEQUENCE),
                row("rotary positions", () -> new RotaryPositions(9), SEQUENCE, SEQUENCE),
                row(
                        "feed-forward part",
                        () -> new FeedForward(6, 8, FeedForward.Kind.GELU_TANH, 0.2, false),
                        SEQUENCE,
                        SEQUENCE),
                row("transformer encoder", () -> new TransformerEncoder(2, plain), SEQUENCE, SEQUENCE),
                row("transformer encoder, modern", () -> new TransformerEncoder(2, modern), SEQUENCE, SEQUENCE),
                row("transformer decoder", () -> new SelfMemory(plain), SEQUENCE, SEQUENCE));
    }

    /** A decoder whose memory is its input. */
    private static final class SelfMemory extends Block {
        private final TransformerDecoder decoder;

        SelfMemory(TransformerSettings settings) {
            decoder = addChild("decoder", new TransformerDecoder(1, settings));
        }

        @Override
        public NDArray forward(NDArray x) {
            return decoder.callAll(x, x)[0];
        }
    }

    private static SequentialCell stack(RecurrentCell... cells) {
        return new SequentialCell(cells);
    }

    private static LayersTest.Row unrolled(String name, Supplier<RecurrentCell> cell, long features) {
        return row(name, () -> new Unroll(cell.get()), SEQUENCE, SEQUENCE.with(2, features));
    }

    private static LayersTest.Row row(String name, Supplier<Block> layer, Shape input, Shape output) {
        return new LayersTest.Row(name, layer, input, output);
    }
}
