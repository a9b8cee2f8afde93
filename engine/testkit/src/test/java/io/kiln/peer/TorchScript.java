package io.kiln.peer;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.table.Row;
import io.kiln.op.table.Sample;
import io.kiln.op.table.TableChecks;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/**
 * libtorch as the independent engine of the operator table. A row's expressions become a TorchScript module, written here as
 * the archive that {@code torch.jit.save} would make, which also takes the gradients by libtorch's own autograd.
 */
final class TorchScript implements TableChecks.Peer, AutoCloseable {
    private static final String ENGINE = "PyTorch";

    private final NDManager manager = NDManager.newBaseManager(ENGINE);

    @Override
    public List<Sample> compute(Row row, Row.Case call, List<Sample> inputs, List<Sample> weights, boolean gradients) {
        List<Boolean> varied = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            varied.add(gradients
                    && call.arguments().get(i).varied()
                    && inputs.get(i).dtype().isFloating());
        }
        List<Boolean> flows = new ArrayList<>();
        for (int i = 0; i < row.torch().size(); i++) {
            flows.add(row.flowsFrom(i) && weights.get(i).dtype().isFloating());
        }
        byte[] archive = archive(row.torch(), varied, flows);
        try (Model model = Model.newInstance("row", ENGINE);
                NDManager step = manager.newSubManager();
                GradientCollector gradientMode = Engine.getEngine(ENGINE).newGradientCollector()) {
            model.load(new ByteArrayInputStream(archive));
            NDList arguments = new NDList();
            inputs.forEach(s -> arguments.add(array(step, s)));
            for (int i = 0; i < flows.size(); i++) {
                arguments.add(array(step, weights.get(i)));
            }
            NDList results = model.getBlock().forward(new ParameterStore(step, false), arguments, true);
            return samples(results, row.torch().size(), varied);
        } catch (IOException | MalformedModelException e) {
            throw new IllegalStateException("libtorch refuses " + row.torch(), e);
        }
    }

    private static List<Sample> samples(NDList results, int outputs, List<Boolean> varied) {
        List<Sample> list = new ArrayList<>();
        for (int i = 0; i < outputs; i++) {
            list.add(sample(results.get(i)));
        }
        int next = outputs;
        for (boolean v : varied) {
            list.add(v ? sample(results.get(next++)) : null);
        }
        return list;
    }

    private static byte[] archive(List<String> outputs, List<Boolean> varied, List<Boolean> flows) {
        StringJoiner parameters = new StringJoiner(", ");
        StringBuilder body = new StringBuilder();
        StringJoiner variables = new StringJoiner(", ", "[", "]");
        for (int i = 0; i < varied.size(); i++) {
            parameters.add("i" + i + ": Tensor");
            boolean v = varied.get(i);
            line(body, "x" + i + " = " + (v ? "torch.requires_grad_(torch.detach(i" + i + "), True)" : "i" + i));
            if (v) {
                variables.add("x" + i);
            }
        }
        StringJoiner results = new StringJoiner(", ");
        StringJoiner sum = new StringJoiner(" + ");
        for (int i = 0; i < outputs.size(); i++) {
            parameters.add("w" + i + ": Tensor");
            line(body, "y" + i + " = " + outputs.get(i));
            results.add("y" + i);
            if (flows.get(i)) {
                sum.add("torch.sum(y" + i + " * w" + i + ")");
            }
        }
        if (varied.contains(true) && flows.contains(true)) {
            // An output that depends on no variable has no gradient function: the added zero gives it one.
            StringJoiner zero = new StringJoiner(" + ");
            for (int i = 0; i < varied.size(); i++) {
                if (varied.get(i)) {
                    zero.add("torch.sum(torch.zeros_like(x" + i + ") * torch.nan_to_num(x" + i + ", 0., 0., 0.))");
                }
            }
            line(body, "s = " + sum + " + " + zero);
            line(body, "g = torch.grad([s], " + variables + ", None, True, False, True)");
            int k = 0;
            for (int i = 0; i < varied.size(); i++) {
                if (varied.get(i)) {
                    line(body, "g" + i + " = g[" + k++ + "]");
                    line(body, "if torch.__is__(g" + i + ", None):");
                    line(body, "  d" + i + " = torch.zeros_like(x" + i + ")");
                    line(body, "else:");
                    line(body, "  d" + i + " = unchecked_cast(Tensor, g" + i + ")");
                    results.add("d" + i);
                }
            }
        } else {
            for (int i = 0; i < varied.size(); i++) {
                if (varied.get(i)) {
                    results.add("torch.zeros_like(x" + i + ")");
                }
            }
        }
        line(body, "return [" + results + "]");
        return TorchArchive.of(parameters.toString(), body.toString());
    }

    private static void line(StringBuilder body, String text) {
        body.append("    ").append(text).append('\n');
    }

    private static NDArray array(NDManager manager, Sample s) {
        ai.djl.ndarray.types.Shape shape =
                new ai.djl.ndarray.types.Shape(s.shape().dims());
        if (s.values().length == 0) {
            return manager.create(shape, type(s.dtype()));
        }
        return manager.create(s.values(), shape).toType(type(s.dtype()), false);
    }

    private static DataType type(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> DataType.FLOAT32;
            case FLOAT64 -> DataType.FLOAT64;
            case INT32 -> DataType.INT32;
            case INT64 -> DataType.INT64;
            case UINT8 -> DataType.UINT8;
            case BOOL -> DataType.BOOLEAN;
            case FLOAT16 -> DataType.FLOAT16;
            case BFLOAT16 -> DataType.BFLOAT16;
        };
    }

    private static Sample sample(NDArray a) {
        DType type =
                switch (a.getDataType()) {
                    case FLOAT32 -> DType.FLOAT32;
                    case FLOAT64 -> DType.FLOAT64;
                    case INT32 -> DType.INT32;
                    case INT64 -> DType.INT64;
                    case UINT8 -> DType.UINT8;
                    case BOOLEAN -> DType.BOOL;
                    default -> throw new IllegalStateException("libtorch gave " + a.getDataType());
                };
        Shape shape = Shape.of(a.getShape().getShape());
        double[] values = shape.size() == 0
                ? new double[0]
                : a.toType(DataType.FLOAT64, true).toDoubleArray();
        return new Sample(shape, type, values);
    }

    @Override
    public void close() {
        manager.close();
    }
}
