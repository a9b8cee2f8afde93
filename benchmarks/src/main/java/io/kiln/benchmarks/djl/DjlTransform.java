package io.kiln.benchmarks.djl;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.ParameterStore;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.MiniLm;
import io.kiln.benchmarks.net.Network;
import io.kiln.benchmarks.spark.Sessions;
import io.kiln.benchmarks.spark.TransformData;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.collection.Seq;

/**
 * libtorch through DJL in {@code mapPartitions} of rows, batch by batch, as DJL's own extension for Spark does; that is published
 * for Scala 2.12 only. Each task computes with one thread.
 */
public final class DjlTransform implements Contender {

    private static final String ENGINE = "PyTorch";
    private static final StructType OUTPUT =
            new StructType().add("y", DataTypes.createArrayType(DataTypes.FloatType, false), false);

    private final TransformData data;
    private SparkSession spark;
    private Dataset<Row> frame;

    /** Applies a network. */
    public DjlTransform(TransformData data) {
        this.data = data;
    }

    @Override
    public void load(Setup setup) {
        System.setProperty("ai.djl.pytorch.num_threads", "1");
        Engines.load(ENGINE);
    }

    @Override
    public Facts setup(Setup setup) {
        spark = Sessions.local(setup);
        frame = data.cached(spark, setup);
        Engine engine = Engine.getEngine(ENGINE);
        return new Facts(
                "DJL, " + ENGINE + " " + engine.getVersion() + ", Spark " + spark.version(), data.parameterCount());
    }

    @Override
    public double step(String caseName) {
        TransformData what = data;
        MapPartitionsFunction<Row, Row> apply = rows -> new Batches(what, rows);
        return frame.mapPartitions(apply, Encoders.row(OUTPUT))
                .selectExpr(TransformData.CHECK)
                .first()
                .getDouble(0);
    }

    @Override
    public void close() {
        spark.stop();
    }

    /** A network that is loaded once in the JVM. */
    private enum Loaded {
        MLP,
        RESNET18,
        MINILM;

        private Forward forward;

        synchronized Forward get() throws IOException {
            if (forward == null) {
                forward = this == MINILM ? sentences() : blocks(Network.valueOf(name()));
            }
            return forward;
        }
    }

    private interface Forward {
        NDArray of(NDManager manager, NDArray input);
    }

    private static Forward blocks(Network network) throws IOException {
        DjlNetwork loaded = new DjlNetwork(ENGINE, network);
        return (manager, x) -> loaded.forward(x, false);
    }

    private static Forward sentences() throws IOException {
        Model module = Model.newInstance("sentences", ENGINE);
        NDManager kept = module.getNDManager();
        List<NDArray> weights = new ArrayList<>();
        for (Network.Parameter p : TorchEncoder.packed(MiniLm.parameters())) {
            weights.add(kept.create(p.values(), new Shape(p.shape())));
        }
        TorchEncoder encoder = new TorchEncoder(MiniLm.LAYERS, MiniLm.SIZE, MiniLm.HEADS, MiniLm.LENGTH);
        StringBuilder body = new StringBuilder("    e = torch.add(torch.embedding(w0, x), w1)\n");
        encoder.norm(body, "y0", "e", 2);
        encoder.append(body, 4);
        body.append("    return torch.mean(y").append(MiniLm.LAYERS).append(", [1])\n");
        StringBuilder arguments = new StringBuilder("x: Tensor");
        for (int i = 0; i < weights.size(); i++) {
            arguments.append(", w").append(i).append(": Tensor");
        }
        try {
            module.load(new ByteArrayInputStream(
                    TorchArchive.of(TorchArchive.module(arguments.toString(), body.toString()))));
        } catch (ai.djl.MalformedModelException e) {
            throw new IOException(e);
        }
        ParameterStore store = new ParameterStore(kept, false);
        return (manager, x) -> {
            NDList all = new NDList(x);
            all.addAll(weights);
            return module.getBlock().forward(store, all, false).singletonOrThrow();
        };
    }

    /** The rows of a partition with their outputs, computed a batch at a time. */
    private static final class Batches implements Iterator<Row> {
        private final TransformData data;
        private final Iterator<Row> rows;
        private Iterator<Row> ready = List.<Row>of().iterator();

        Batches(TransformData data, Iterator<Row> rows) {
            this.data = data;
            this.rows = rows;
        }

        @Override
        public boolean hasNext() {
            return ready.hasNext() || rows.hasNext();
        }

        @Override
        public Row next() {
            if (!ready.hasNext()) {
                try {
                    ready = batch().iterator();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }
            return ready.next();
        }

        private List<Row> batch() throws IOException {
            Forward forward = Loaded.valueOf(data.name()).get();
            try (NDManager manager = NDManager.newBaseManager(ai.djl.Device.cpu(), ENGINE)) {
                NDArray output = forward.of(manager, data == TransformData.MINILM ? words(manager) : numbers(manager));
                output.attach(manager);
                float[] all = output.toFloatArray();
                int width = Math.toIntExact(output.getShape().get(1));
                List<Row> made = new ArrayList<>();
                for (int i = 0; i < all.length; i += width) {
                    Float[] row = new Float[width];
                    for (int k = 0; k < width; k++) {
                        row[k] = all[i + k];
                    }
                    made.add(RowFactory.create((Object) row));
                }
                return made;
            }
        }

        private NDArray numbers(NDManager manager) {
            float[] batch = new float[data.batch() * data.width()];
            int count = 0;
            for (; rows.hasNext() && count < data.batch(); count++) {
                Seq<Float> row = rows.next().getSeq(0);
                for (int i = 0; i < data.width(); i++) {
                    batch[count * data.width() + i] = row.apply(i);
                }
            }
            Shape shape = data == TransformData.MLP ? new Shape(count, data.width()) : new Shape(count, 3, 32, 32);
            return manager.create(
                    count == data.batch() ? batch : java.util.Arrays.copyOf(batch, count * data.width()), shape);
        }

        private NDArray words(NDManager manager) {
            long[] batch = new long[data.batch() * data.width()];
            int count = 0;
            for (; rows.hasNext() && count < data.batch(); count++) {
                Seq<Integer> row = rows.next().getSeq(0);
                for (int i = 0; i < data.width(); i++) {
                    batch[count * data.width() + i] = row.apply(i);
                }
            }
            return manager.create(
                    count == data.batch() ? batch : java.util.Arrays.copyOf(batch, count * data.width()),
                    new Shape(count, data.width()));
        }
    }
}
