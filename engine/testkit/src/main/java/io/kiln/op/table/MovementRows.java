package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.whole;
import static io.kiln.op.table.Families.anyShape;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.Alias;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.StopGradient;
import io.kiln.op.internal.Unslice;
import io.kiln.op.shape.BroadcastTo;
import io.kiln.op.shape.Concat;
import io.kiln.op.shape.ExpandDims;
import io.kiln.op.shape.FlattenOp;
import io.kiln.op.shape.Flip;
import io.kiln.op.shape.Pad;
import io.kiln.op.shape.PadMode;
import io.kiln.op.shape.Repeat;
import io.kiln.op.shape.Reshape;
import io.kiln.op.shape.Slice;
import io.kiln.op.shape.Squeeze;
import io.kiln.op.shape.Tile;
import io.kiln.op.shape.Transpose;
import java.util.List;

/** Rows of operators that move elements, and of casts. */
final class MovementRows {
    private static final long END = Long.MAX_VALUE;

    private MovementRows() {}

    static List<Row> rows() {
        return List.of(
                anyShape(new Copy(), -2, 2, "torch.clone(x0)"),
                anyShape(new Alias(), -2, 2, "torch.clone(x0)"),
                Row.of(new StopGradient()).torch("torch.clone(x0)").forwardOn(real(-2, 2, 3, 4)),
                anyShape(new Cast(DType.FLOAT64), -2, 2, "x0.to(7)"),
                anyShape(new Cast(DType.FLOAT32), -2, 2, "x0.to(6)").singleOnly(),
                anyShape(new Cast(DType.INT32), -9, 9, "x0.to(3)").order(0),
                anyShape(new Cast(DType.INT64), -9, 9, "x0.to(4)").order(0),
                anyShape(new Cast(DType.UINT8), 0, 9, "x0.to(0)").order(0),
                anyShape(new Cast(DType.BOOL), -9, 9, "x0.to(11)").order(0),
                Row.of(new Cast(DType.FLOAT32))
                        .torch("x0.to(6)")
                        .on(whole(DType.INT64, -9, 9, 7))
                        .on(whole(DType.BOOL, 0, 2, 7))
                        .on(whole(DType.UINT8, 0, 256, 7))
                        .order(0),
                Row.of(new Reshape(Shape.of(-1, 3)))
                        .torch("torch.reshape(x0, [-1, 3])")
                        .on(real(-2, 2, 2, 6))
                        .on(real(-2, 2, 0, 3))
                        .on(real(-2, 2, 4, 3, 2)),
                Row.of(new Reshape(Shape.scalar()))
                        .torch("torch.reshape(x0, [])")
                        .on(real(-2, 2, 1, 1)),
                Row.of(new Transpose(List.of(2L, 0L, 1L)))
                        .torch("torch.permute(x0, [2, 0, 1])")
                        .on(real(-2, 2, 2, 3, 4))
                        .on(real(-2, 2, 0, 3, 4)),
                Row.of(new Transpose(List.of())).torch("torch.clone(x0)").on(real(-2, 2)),
                Row.of(new BroadcastTo(Shape.of(2, 3, 4)))
                        .torch("torch.expand_copy(x0, [2, 3, 4])")
                        .on(real(-2, 2))
                        .on(real(-2, 2, 4))
                        .on(real(-2, 2, 3, 1))
                        .on(real(-2, 2, 2, 3, 4)),
                Row.of(new BroadcastTo(Shape.of(0, 3)))
                        .torch("torch.expand_copy(x0, [0, 3])")
                        .on(real(-2, 2, 1, 3)),
                slice(List.of(1L), List.of(3L), List.of(1L), "x0[1:3]"),
                slice(List.of(0L, -3L), List.of(END, END), List.of(2L, 1L), "x0[::2, -3:]"),
                slice(List.of(0L, 1L), List.of(END, -1L), List.of(1L, 2L), "x0[:, 1:-1:2]"),
                slice(List.of(3L), List.of(2L), List.of(1L), "x0[3:2]"),
                slice(List.of(-100L), List.of(100L), List.of(3L), "x0[-100:100:3]"),
                Row.of(new Unslice(Shape.of(4, 5), List.of(0L, 1L), List.of(END, -1L), List.of(1L, 2L)))
                        .torch("torch.slice_scatter(torch.zeros([4, 5], dtype=x0.dtype), x0, 1, 1, -1, 2)")
                        .on(real(-2, 2, 4, 2)),
                Row.of(new Concat(1))
                        .torch("torch.cat([x0, x1, x2], 1)")
                        .on(real(-2, 2, 2, 3), real(-2, 2, 2, 1), real(-2, 2, 2, 4))
                        .on(real(-2, 2, 2, 3), real(-2, 2, 2, 0), real(-2, 2, 2, 4))
                        .on(real(-2, 2, 0, 3), real(-2, 2, 0, 2), real(-2, 2, 0, 4)),
                Row.of(new Concat(-2)).torch("torch.cat([x0, x1], -2)").on(real(-2, 2, 2, 3, 2), real(-2, 2, 2, 1, 2)),
                Row.of(new Concat(0)).torch("torch.cat([x0], 0)").on(real(-2, 2, 3)),
                Row.of(new FlattenOp(1))
                        .torch("torch.flatten(x0, 1)")
                        .on(real(-2, 2, 2, 3, 4))
                        .on(real(-2, 2, 5, 1))
                        .on(real(-2, 2, 0, 3, 2)),
                Row.of(new FlattenOp(0))
                        .torch("torch.flatten(x0)")
                        .on(real(-2, 2))
                        .on(real(-2, 2, 2, 3)),
                Row.of(new ExpandDims(-1))
                        .torch("torch.unsqueeze(x0, -1)")
                        .on(real(-2, 2))
                        .on(real(-2, 2, 3))
                        .on(real(-2, 2, 0, 2)),
                Row.of(new ExpandDims(1)).torch("torch.unsqueeze(x0, 1)").on(real(-2, 2, 3, 2)),
                Row.of(new Squeeze(List.of(1L)))
                        .torch("torch.squeeze(x0, 1)")
                        .on(real(-2, 2, 3, 1, 2))
                        .on(real(-2, 2, 0, 1)),
                Row.of(new Squeeze(List.of())).torch("torch.squeeze(x0)").on(real(-2, 2, 3, 1, 2, 1)),
                pad(PadMode.CONSTANT, "torch.constant_pad_nd(x0, [2, 0, 1, 3], 1.5)", 1.5),
                pad(PadMode.REFLECT, "torch.reflection_pad2d(torch.unsqueeze(x0, 0), [2, 0, 1, 3])[0]", 0),
                pad(PadMode.EDGE, "torch.replication_pad2d(torch.unsqueeze(x0, 0), [2, 0, 1, 3])[0]", 0),
                Row.of(new Pad(List.of(), List.of(), PadMode.CONSTANT, 0))
                        .torch("torch.clone(x0)")
                        .on(real(-2, 2)),
                Row.of(new Tile(List.of(2L, 3L)))
                        .torch("torch.tile(x0, [2, 3])")
                        .on(real(-2, 2, 3, 2))
                        .on(real(-2, 2, 4))
                        .on(real(-2, 2, 0, 2))
                        .on(real(-2, 2)),
                Row.of(new Tile(List.of(2L, 0L)))
                        .torch("torch.tile(x0, [2, 0])")
                        .on(real(-2, 2, 3, 2)),
                Row.of(new Repeat(3, 1))
                        .torch("torch.repeat_interleave(x0, 3, 1)")
                        .on(real(-2, 2, 3, 2))
                        .on(real(-2, 2, 0, 2, 2)),
                Row.of(new Repeat(2, -1))
                        .torch("torch.repeat_interleave(x0, 2, -1)")
                        .on(real(-2, 2, 3)),
                Row.of(new Flip(List.of(0L, -1L)))
                        .torch("torch.flip(x0, [0, -1])")
                        .on(real(-2, 2, 3, 4))
                        .on(real(-2, 2, 2, 3, 4))
                        .on(real(-2, 2, 2, 0)),
                Row.of(new Flip(List.of(0L))).torch("torch.flip(x0, [0])").on(real(-2, 2, 7)));
    }

    private static Row slice(List<Long> start, List<Long> stop, List<Long> step, String torch) {
        return Row.of(new Slice(start, stop, step))
                .torch("torch.clone(" + torch + ")")
                .on(real(-2, 2, 4, 5))
                .on(real(-2, 2, 5, 4, 2))
                .on(real(-2, 2, 0, 4));
    }

    private static Row pad(PadMode mode, String torch, double value) {
        return Row.of(new Pad(List.of(0L, 1L, 2L), List.of(0L, 3L, 0L), mode, value))
                .torch(torch)
                .on(real(-2, 2, 2, 4, 3));
    }
}
