package io.kiln.benchmarks.kiln;

import static org.apache.spark.ml.functions.vector_to_array;
import static org.apache.spark.sql.functions.col;

import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.MiniLm;
import io.kiln.benchmarks.net.Network;
import io.kiln.benchmarks.spark.Sessions;
import io.kiln.benchmarks.spark.TransformData;
import io.kiln.ml.NetModel;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Embedding;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.LayerNorm;
import io.kiln.nn.Parameter;
import io.kiln.nn.transformer.FeedForward;
import io.kiln.nn.transformer.LearnedPositions;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;
import java.io.IOException;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Kiln's {@link NetModel#transform}, with the network compiled once per JVM. */
public final class KilnTransform implements Contender {

    private final TransformData data;
    private SparkSession spark;
    private Dataset<Row> frame;
    private NetModel model;

    /** Applies a network. */
    public KilnTransform(TransformData data) {
        this.data = data;
    }

    private static final class Sentences extends Block {
        private final Embedding words = addChild("words", new Embedding(MiniLm.WORDS, MiniLm.SIZE));
        private final LearnedPositions positions = addChild("positions", new LearnedPositions(MiniLm.LENGTH));
        private final LayerNorm norm = addChild("norm", new LayerNorm());
        private final TransformerEncoder encoder = addChild(
                "encoder",
                new TransformerEncoder(
                        MiniLm.LAYERS,
                        TransformerSettings.of(MiniLm.SIZE, MiniLm.HEADS, MiniLm.INSIDE)
                                .with(FeedForward.Kind.GELU)));

        @Override
        public NDArray forward(NDArray x) {
            return encoder.call(norm.call(positions.call(words.call(x)))).mean(1);
        }
    }

    @Override
    public Facts setup(Setup setup) throws IOException {
        spark = Sessions.local(setup);
        frame = data.cached(spark, setup);
        try (GraphBlock network = network()) {
            model = NetModel.of(network);
        }
        model.setInputCols(new String[] {"x"});
        model.setOutputCols(new String[] {"y"});
        model.setPredictionBatchSize(data.batch());
        return new Facts(
                "Kiln, " + Backends.current().describe() + ", Spark " + spark.version(), data.parameterCount());
    }

    private GraphBlock network() throws IOException {
        return switch (data) {
            case MLP -> {
                try (KilnNetwork network = new KilnNetwork(Network.MLP)) {
                    yield network.block().toGraphBlock(spec(DType.FLOAT32, data.width()));
                }
            }
            case RESNET18 -> {
                try (KilnNetwork network = new KilnNetwork(Network.RESNET18)) {
                    yield network.block().toGraphBlock(spec(DType.FLOAT32, 3, 32, 32));
                }
            }
            case MINILM -> sentences();
        };
    }

    private GraphBlock sentences() {
        try (Block block = new Sentences();
                Scope scope = Scope.open()) {
            Spec words = spec(DType.INT32, MiniLm.LENGTH);
            block.trace(words);
            List<Parameter> parameters = List.copyOf(block.parameters().values());
            List<Network.Parameter> given = data.parameters();
            for (int i = 0; i < given.size(); i++) {
                parameters
                        .get(i)
                        .set(NDArray.of(
                                Shape.of(given.get(i).shape()), given.get(i).values()));
            }
            return block.toGraphBlock(words);
        }
    }

    private static Spec spec(DType dtype, long... row) {
        long[] shape = new long[row.length + 1];
        shape[0] = Shape.UNKNOWN;
        System.arraycopy(row, 0, shape, 1, row.length);
        return new Spec(Shape.of(shape), dtype);
    }

    @Override
    public double step(String caseName) {
        return model.transform(frame)
                .select(vector_to_array(col("y"), "float32").as("y"))
                .selectExpr(TransformData.CHECK)
                .first()
                .getDouble(0);
    }

    @Override
    public void close() {
        spark.stop();
    }
}
