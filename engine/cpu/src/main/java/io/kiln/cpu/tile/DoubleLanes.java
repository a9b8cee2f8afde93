// Generated from src/main/templates/…/XLanes.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Float16;
import io.kiln.ndarray.internal.Memory;
import io.kiln.pointwise.Code;
import java.util.Arrays;

/** Lanes that compute in {@code double}. */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class DoubleLanes extends Lanes {
    private double[][] tiles = {};
    private double[][] uniforms = {};

    DoubleLanes(int length) {
        super(length);
    }

    /** The array of a tile, allocated on first use. */
    double[] tile(int index) {
        if (index >= tiles.length) {
            tiles = grow(tiles, index + 1, length);
        }
        return tiles[index];
    }

    private double[] uniformArray(int index) {
        if (index >= uniforms.length) {
            uniforms = grow(uniforms, index + 1, 1);
        }
        return uniforms[index];
    }

    private static double[][] grow(double[][] arrays, int count, int length) {
        double[][] more = Arrays.copyOf(arrays, count);
        for (int i = arrays.length; i < count; i++) {
            more[i] = new double[length];
        }
        return more;
    }

    @Override
    void uniform(int index, double value) {
        uniformArray(index)[0] = (double) value;
    }

    @Override
    double uniform(int index) {
        return uniforms[index][0];
    }

    @Override
    void loadUniform(int index, DType dtype, long address) {
        load(dtype, address, 1, uniformArray(index), 0, 1);
    }

    @Override
    void load(DType dtype, long address, long stride, int tile, int at, int count) {
        double[] to = tile(tile);
        if (stride == 0) {
            load(dtype, address, 1, to, at, 1);
            Arrays.fill(to, at, at + count, to[at]);
        } else {
            load(dtype, address, stride, to, at, count);
        }
    }

    private static void load(DType dtype, long address, long stride, double[] to, int at, int count) {
        if (dtype == DType.FLOAT64 && stride == 1) {
            Memory.get(address, to, at, count);
            return;
        }
        long p = address;
        long step = stride * dtype.bytes();
        int end = at + count;
        switch (dtype) {
            case BOOL, UINT8 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = Memory.getByte(p) & 0xff;
                }
            }
            case INT32 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (double) Memory.getInt(p);
                }
            }
            case INT64 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (double) Memory.getLong(p);
                }
            }
            case FLOAT16 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (double) Float16.toFloat(Memory.getShort(p));
                }
            }
            case BFLOAT16 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (double) Float16.brainToFloat(Memory.getShort(p));
                }
            }
            case FLOAT32 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (double) Memory.getFloat(p);
                }
            }
            case FLOAT64 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (double) Memory.getDouble(p);
                }
            }
        }
    }

    @Override
    void store(DType dtype, long address, long stride, int tile, int at, int count) {
        double[] from = tile(tile);
        if (dtype == DType.FLOAT64 && stride == 1) {
            Memory.put(from, at, address, count);
            return;
        }
        long p = address;
        long step = stride * dtype.bytes();
        int end = at + count;
        switch (dtype) {
            case BOOL -> {
                for (int i = at; i < end; i++, p += step) {
                    Memory.putByte(p, (byte) (from[i] != 0 ? 1 : 0));
                }
            }
            case UINT8 -> {
                for (int i = at; i < end; i++, p += step) {
                    Memory.putByte(p, (byte) (long) from[i]);
                }
            }
            case INT32 -> {
                for (int i = at; i < end; i++, p += step) {
                    Memory.putInt(p, (int) from[i]);
                }
            }
            case INT64 -> {
                for (int i = at; i < end; i++, p += step) {
                    Memory.putLong(p, (long) from[i]);
                }
            }
            case FLOAT16 -> {
                for (int i = at; i < end; i++, p += step) {
                    Memory.putShort(p, Float16.fromFloat((float) from[i]));
                }
            }
            case BFLOAT16 -> {
                for (int i = at; i < end; i++, p += step) {
                    Memory.putShort(p, Float16.brainFromFloat((float) from[i]));
                }
            }
            case FLOAT32 -> {
                for (int i = at; i < end; i++, p += step) {
                    Memory.putFloat(p, (float) from[i]);
                }
            }
            case FLOAT64 -> {
                for (int i = at; i < end; i++, p += step) {
                    Memory.putDouble(p, (double) from[i]);
                }
            }
        }
    }

    @Override
    void repeat(int tile, int period, int count) {
        double[] a = tile(tile);
        for (int done = period; done < count; done *= 2) {
            System.arraycopy(a, 0, a, done, Math.min(done, count - done));
        }
    }

    @Override
    void reserve(int count) {
        if (count > 0) {
            tile(count - 1);
        }
    }

    @Override
    void run(Loop loop, int n) {
        loop.run(tiles, uniforms, n);
    }

    @Override
    void run(TileStep s, int n) {
        switch (s.form()) {
            case UNIFORM -> {
                double[] r = uniformArray(s.target());
                tiles(s, r, uniforms[s.a()], uniforms[Math.max(s.b(), 0)], uniforms[Math.max(s.c(), 0)], 1);
            }
            case FILL -> Arrays.fill(tile(s.target()), 0, n, uniforms[s.a()][0]);
            default -> {
                double[] r = tile(s.target());
                boolean aIsUniform =
                        s.form() == TileStep.Form.MIDDLE_UNIFORM && s.code().operands() == 2;
                double[] a = aIsUniform ? null : tiles[s.a()];
                switch (s.form()) {
                    case LAST_UNIFORM -> lastUniform(s, r, a, n);
                    case MIDDLE_UNIFORM -> middleUniform(s, r, a, n);
                    case BOTH_UNIFORM -> DoubleLoops.select(r, a, uniforms[s.b()][0], uniforms[s.c()][0], n);
                    case SCALED -> DoubleLoops.addScaled(r, a, uniforms[s.c()][0], tiles[s.b()], n);
                    case BOTH_SCALED ->
                        DoubleLoops.addScaled(r, a, uniforms[s.c()][0], tiles[s.b()], uniforms[s.d()][0], n);
                    case POSITIVE -> DoubleLoops.positive(r, a, tiles[s.b()], n);
                    default -> tiles(s, r, a, tiles[Math.max(s.b(), 0)], tiles[Math.max(s.c(), 0)], n);
                }
            }
        }
    }

    private void tiles(TileStep s, double[] r, double[] a, double[] b, double[] c, int n) {
        switch (s.code()) {
            case NEG -> DoubleLoops.neg(r, a, n);
            case ABS -> DoubleLoops.abs(r, a, n);
            case NOT -> DoubleLoops.not(r, a, n);
            case SQRT -> DoubleLoops.sqrt(r, a, n);
            case RSQRT -> DoubleLoops.rsqrt(r, a, n);
            case RECIPROCAL -> DoubleLoops.reciprocal(r, a, n);
            case ADD -> DoubleLoops.add(r, a, b, n);
            case SUB -> DoubleLoops.sub(r, a, b, n);
            case MUL -> DoubleLoops.mul(r, a, b, n);
            case DIV -> DoubleLoops.div(r, a, b, n);
            case MAX -> DoubleLoops.max(r, a, b, n);
            case MIN -> DoubleLoops.min(r, a, b, n);
            case EQ -> DoubleLoops.eq(r, a, b, n);
            case NE -> DoubleLoops.ne(r, a, b, n);
            case LT -> DoubleLoops.lt(r, a, b, n);
            case LE -> DoubleLoops.le(r, a, b, n);
            case GT -> DoubleLoops.gt(r, a, b, n);
            case GE -> DoubleLoops.ge(r, a, b, n);
            case AND -> DoubleLoops.and(r, a, b, n);
            case OR -> DoubleLoops.or(r, a, b, n);
            case SELECT -> DoubleLoops.select(r, a, b, c, n);
            default -> {
                if (s.code().operands() == 1) {
                    functions(s.code(), r, a, n);
                } else {
                    functions(s.code(), r, a, b, n);
                }
            }
        }
    }

    private void lastUniform(TileStep s, double[] r, double[] a, int n) {
        if (s.code() == Code.SELECT) {
            DoubleLoops.select(r, a, tiles[s.b()], uniforms[s.c()][0], n);
            return;
        }
        double b = uniforms[s.b()][0];
        if (changesNothing(s.code(), b)) {
            if (r != a) {
                System.arraycopy(a, 0, r, 0, n);
            }
            return;
        }
        switch (s.code()) {
            case ADD -> DoubleLoops.add(r, a, b, n);
            case SUB -> DoubleLoops.sub(r, a, b, n);
            case MUL -> DoubleLoops.mul(r, a, b, n);
            case DIV -> DoubleLoops.div(r, a, b, n);
            case MAX -> DoubleLoops.max(r, a, b, n);
            case MIN -> DoubleLoops.min(r, a, b, n);
            case EQ -> DoubleLoops.eq(r, a, b, n);
            case NE -> DoubleLoops.ne(r, a, b, n);
            case LT -> DoubleLoops.lt(r, a, b, n);
            case LE -> DoubleLoops.le(r, a, b, n);
            case GT -> DoubleLoops.gt(r, a, b, n);
            case GE -> DoubleLoops.ge(r, a, b, n);
            case POW -> {
                for (int i = 0; i < n; i++) {
                    r[i] = (double) Math.pow(a[i], b);
                }
            }
            default -> throw unknown(s);
        }
    }

    private void middleUniform(TileStep s, double[] r, double[] a, int n) {
        if (s.code() == Code.SELECT) {
            DoubleLoops.select(r, a, uniforms[s.b()][0], tiles[s.c()], n);
            return;
        }
        double x = uniforms[s.a()][0];
        double[] b = tiles[s.b()];
        switch (s.code()) {
            case SUB -> DoubleLoops.sub(r, x, b, n);
            case DIV -> DoubleLoops.div(r, x, b, n);
            case POW -> {
                for (int i = 0; i < n; i++) {
                    r[i] = (double) Math.pow(x, b[i]);
                }
            }
            default -> throw unknown(s);
        }
    }

    private static void functions(Code code, double[] r, double[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (double) Functions.of(code, a[i]);
        }
    }

    private static void functions(Code code, double[] r, double[] a, double[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (double) Functions.of(code, a[i], b[i]);
        }
    }

    @Override
    long extreme(AxisRows rows, long row, boolean largest) {
        double[] a = tile(0);
        double best = 0;
        long place = -1;
        for (long from = 0; from < rows.length; from += length) {
            int n = (int) Math.min(length, rows.length - from);
            rows.load(this, 0, row, from, n);
            for (int i = 0; i < n; i++) {
                double v = a[i];
                if (v != v) {
                    return from + i;
                }
                if (place < 0 || (largest ? v > best : v < best)) {
                    best = v;
                    place = from + i;
                }
            }
        }
        return place;
    }
}
