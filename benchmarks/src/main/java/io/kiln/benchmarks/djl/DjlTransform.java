package io.kiln.benchmarks.djl;

import ai.djl.Device;
import ai.djl.MalformedModelException;
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
        } catch (MalformedModelException e) {
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
            List<Seq<?>> given = new ArrayList<>();
            while (rows.hasNext() && given.size() < data.batch()) {
                given.add(rows.next().getSeq(0));
            }
            Forward forward = Loaded.valueOf(data.name()).get();
            try (NDManager manager = NDManager.newBaseManager(Device.cpu(), ENGINE)) {
                NDArray output = forward.of(
                        manager, data == TransformData.MINILM ? words(manager, given) : numbers(manager, given));
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

        private NDArray numbers(NDManager manager, List<Seq<?>> given) {
            float[] batch = new float[given.size() * data.width()];
            for (int i = 0; i < batch.length; i++) {
                batch[i] = (Float) given.get(i / data.width()).apply(i % data.width());
            }
            return manager.create(
                    batch,
                    data == TransformData.MLP
                            ? new Shape(given.size(), data.width())
                            : new Shape(given.size(), 3, 32, 32));
        }

        private NDArray words(NDManager manager, List<Seq<?>> given) {
            long[] batch = new long[given.size() * data.width()];
            for (int i = 0; i < batch.length; i++) {
                batch[i] = (Integer) given.get(i / data.width()).apply(i % data.width());
            }
            return manager.create(batch, new Shape(given.size(), data.width()));
        }
    }
}
