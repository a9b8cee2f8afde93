// Generated from src/main/templates/…/XLanes.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Float16;
import io.kiln.ndarray.internal.Memory;
import io.kiln.pointwise.Code;
import java.util.Arrays;

/** Lanes that compute in {@code float}. */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class FloatLanes extends Lanes {
    private float[][] tiles = {};
    private float[][] uniforms = {};
    private final FloatFunctions functions = new FloatFunctions(length);

    FloatLanes(int length) {
        super(length);
    }

    /** The array of a tile, allocated on first use. */
    float[] tile(int index) {
        if (index >= tiles.length) {
            tiles = grow(tiles, index + 1, length);
        }
        return tiles[index];
    }

    private float[] uniformArray(int index) {
        if (index >= uniforms.length) {
            uniforms = grow(uniforms, index + 1, 1);
        }
        return uniforms[index];
    }

    private static float[][] grow(float[][] arrays, int count, int length) {
        float[][] more = Arrays.copyOf(arrays, count);
        for (int i = arrays.length; i < count; i++) {
            more[i] = new float[length];
        }
        return more;
    }

    @Override
    void uniform(int index, double value) {
        uniformArray(index)[0] = (float) value;
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
        float[] to = tile(tile);
        if (stride == 0) {
            load(dtype, address, 1, to, at, 1);
            Arrays.fill(to, at, at + count, to[at]);
        } else {
            load(dtype, address, stride, to, at, count);
        }
    }

    private static void load(DType dtype, long address, long stride, float[] to, int at, int count) {
        if (dtype == DType.FLOAT32 && stride == 1) {
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
                    to[i] = (float) Memory.getInt(p);
                }
            }
            case INT64 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (float) Memory.getLong(p);
                }
            }
            case FLOAT16 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (float) Float16.toFloat(Memory.getShort(p));
                }
            }
            case BFLOAT16 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (float) Float16.brainToFloat(Memory.getShort(p));
                }
            }
            case FLOAT32 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (float) Memory.getFloat(p);
                }
            }
            case FLOAT64 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (float) Memory.getDouble(p);
                }
            }
        }
    }

    @Override
    void store(DType dtype, long address, long stride, int tile, int at, int count) {
        float[] from = tile(tile);
        if (dtype == DType.FLOAT32 && stride == 1) {
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
        float[] a = tile(tile);
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
                float[] r = uniformArray(s.target());
                tiles(s, r, uniforms[s.a()], uniforms[Math.max(s.b(), 0)], uniforms[Math.max(s.c(), 0)], 1);
            }
            case FILL -> Arrays.fill(tile(s.target()), 0, n, uniforms[s.a()][0]);
            default -> {
                float[] r = tile(s.target());
                boolean aIsUniform =
                        s.form() == TileStep.Form.MIDDLE_UNIFORM && s.code().operands() == 2;
                float[] a = aIsUniform ? null : tiles[s.a()];
                switch (s.form()) {
                    case LAST_UNIFORM -> lastUniform(s, r, a, n);
                    case MIDDLE_UNIFORM -> middleUniform(s, r, a, n);
                    case BOTH_UNIFORM -> functions.select(r, a, uniforms[s.b()][0], uniforms[s.c()][0], n);
                    case SCALED -> FloatLoops.addScaled(r, a, uniforms[s.c()][0], tiles[s.b()], n);
                    case BOTH_SCALED ->
                        FloatLoops.addScaled(r, a, uniforms[s.c()][0], tiles[s.b()], uniforms[s.d()][0], n);
                    case POSITIVE -> functions.positive(r, a, tiles[s.b()], n);
                    default -> tiles(s, r, a, tiles[Math.max(s.b(), 0)], tiles[Math.max(s.c(), 0)], n);
                }
            }
        }
    }

    private void tiles(TileStep s, float[] r, float[] a, float[] b, float[] c, int n) {
        switch (s.code()) {
            case NEG -> FloatLoops.neg(r, a, n);
            case ABS -> FloatLoops.abs(r, a, n);
            case NOT -> FloatLoops.not(r, a, n);
            case SQRT -> FloatLoops.sqrt(r, a, n);
            case RSQRT -> FloatLoops.rsqrt(r, a, n);
            case RECIPROCAL -> FloatLoops.reciprocal(r, a, n);
            case EXP -> functions.exp(r, a, n);
            case NORMAL_CDF -> functions.normalCdf(r, a, n);
            case TANH_CDF -> functions.tanhCdf(r, a, n);
            case SIGMOID -> functions.sigmoid(r, a, n);
            case TANH -> functions.tanh(r, a, n);
            case ERF -> functions.erf(r, a, n);
            case LOG -> functions.log(r, a, n);
            case LOG1P -> functions.log1p(r, a, n);
            case ADD -> FloatLoops.add(r, a, b, n);
            case SUB -> FloatLoops.sub(r, a, b, n);
            case MUL -> FloatLoops.mul(r, a, b, n);
            case DIV -> FloatLoops.div(r, a, b, n);
            case MAX -> FloatLoops.max(r, a, b, n);
            case MIN -> FloatLoops.min(r, a, b, n);
            case EQ -> FloatLoops.eq(r, a, b, n);
            case NE -> FloatLoops.ne(r, a, b, n);
            case LT -> FloatLoops.lt(r, a, b, n);
            case LE -> FloatLoops.le(r, a, b, n);
            case GT -> FloatLoops.gt(r, a, b, n);
            case GE -> FloatLoops.ge(r, a, b, n);
            case AND -> FloatLoops.and(r, a, b, n);
            case OR -> FloatLoops.or(r, a, b, n);
            case SELECT -> functions.select(r, a, b, c, n);
            default -> {
                if (s.code().operands() == 1) {
                    functions(s.code(), r, a, n);
                } else {
                    functions(s.code(), r, a, b, n);
                }
            }
        }
    }

    private void lastUniform(TileStep s, float[] r, float[] a, int n) {
        if (s.code() == Code.SELECT) {
            functions.select(r, a, tiles[s.b()], uniforms[s.c()][0], n);
            return;
        }
        float b = uniforms[s.b()][0];
        if (changesNothing(s.code(), b)) {
            if (r != a) {
                System.arraycopy(a, 0, r, 0, n);
            }
            return;
        }
        switch (s.code()) {
            case ADD -> FloatLoops.add(r, a, b, n);
            case SUB -> FloatLoops.sub(r, a, b, n);
            case MUL -> FloatLoops.mul(r, a, b, n);
            case DIV -> FloatLoops.div(r, a, b, n);
            case MAX -> FloatLoops.max(r, a, b, n);
            case MIN -> FloatLoops.min(r, a, b, n);
            case EQ -> FloatLoops.eq(r, a, b, n);
            case NE -> FloatLoops.ne(r, a, b, n);
            case LT -> FloatLoops.lt(r, a, b, n);
            case LE -> FloatLoops.le(r, a, b, n);
            case GT -> FloatLoops.gt(r, a, b, n);
            case GE -> FloatLoops.ge(r, a, b, n);
            case POW -> {
                for (int i = 0; i < n; i++) {
                    r[i] = (float) Math.pow(a[i], b);
                }
            }
            default -> throw unknown(s);
        }
    }

    private void middleUniform(TileStep s, float[] r, float[] a, int n) {
        if (s.code() == Code.SELECT) {
            functions.select(r, a, uniforms[s.b()][0], tiles[s.c()], n);
            return;
        }
        float x = uniforms[s.a()][0];
        float[] b = tiles[s.b()];
        switch (s.code()) {
            case SUB -> FloatLoops.sub(r, x, b, n);
            case DIV -> FloatLoops.div(r, x, b, n);
            case POW -> {
                for (int i = 0; i < n; i++) {
                    r[i] = (float) Math.pow(x, b[i]);
                }
            }
            default -> throw unknown(s);
        }
    }

    private static void functions(Code code, float[] r, float[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (float) Functions.of(code, a[i]);
        }
    }

    private static void functions(Code code, float[] r, float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (float) Functions.of(code, a[i], b[i]);
        }
    }

    @Override
    long extreme(AxisRows rows, long row, boolean largest) {
        float[] a = tile(0);
        float best = 0;
        long place = -1;
        for (long from = 0; from < rows.length; from += length) {
            int n = (int) Math.min(length, rows.length - from);
            rows.load(this, 0, row, from, n);
            for (int i = 0; i < n; i++) {
                float v = a[i];
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
