// Generated from src/main/templates/…/XLanes.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.tile;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Float16;
import io.kiln.ndarray.internal.Memory;
import io.kiln.pointwise.Code;
import java.util.Arrays;

/** Lanes that compute in {@code long}. */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class LongLanes extends Lanes {
    private long[][] tiles = {};
    private long[][] uniforms = {};

    LongLanes(int length) {
        super(length);
    }

    /** The array of a tile, allocated on first use. */
    long[] tile(int index) {
        if (index >= tiles.length) {
            tiles = grow(tiles, index + 1, length);
        }
        return tiles[index];
    }

    private long[] uniformArray(int index) {
        if (index >= uniforms.length) {
            uniforms = grow(uniforms, index + 1, 1);
        }
        return uniforms[index];
    }

    private static long[][] grow(long[][] arrays, int count, int length) {
        long[][] more = Arrays.copyOf(arrays, count);
        for (int i = arrays.length; i < count; i++) {
            more[i] = new long[length];
        }
        return more;
    }

    @Override
    void uniform(int index, double value) {
        uniformArray(index)[0] = (long) value;
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
        long[] to = tile(tile);
        if (stride == 0) {
            load(dtype, address, 1, to, at, 1);
            Arrays.fill(to, at, at + count, to[at]);
        } else {
            load(dtype, address, stride, to, at, count);
        }
    }

    private static void load(DType dtype, long address, long stride, long[] to, int at, int count) {
        if (dtype == DType.INT64 && stride == 1) {
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
                    to[i] = (long) Memory.getInt(p);
                }
            }
            case INT64 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (long) Memory.getLong(p);
                }
            }
            case FLOAT16 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (long) Float16.toFloat(Memory.getShort(p));
                }
            }
            case BFLOAT16 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (long) Float16.brainToFloat(Memory.getShort(p));
                }
            }
            case FLOAT32 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (long) Memory.getFloat(p);
                }
            }
            case FLOAT64 -> {
                for (int i = at; i < end; i++, p += step) {
                    to[i] = (long) Memory.getDouble(p);
                }
            }
        }
    }

    @Override
    void store(DType dtype, long address, long stride, int tile, int at, int count) {
        long[] from = tile(tile);
        if (dtype == DType.INT64 && stride == 1) {
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
        long[] a = tile(tile);
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
                long[] r = uniformArray(s.target());
                tiles(s, r, uniforms[s.a()], uniforms[Math.max(s.b(), 0)], uniforms[Math.max(s.c(), 0)], 1);
            }
            case FILL -> Arrays.fill(tile(s.target()), 0, n, uniforms[s.a()][0]);
            default -> {
                long[] r = tile(s.target());
                boolean aIsUniform =
                        s.form() == TileStep.Form.MIDDLE_UNIFORM && s.code().operands() == 2;
                long[] a = aIsUniform ? null : tiles[s.a()];
                switch (s.form()) {
                    case LAST_UNIFORM -> lastUniform(s, r, a, n);
                    case MIDDLE_UNIFORM -> middleUniform(s, r, a, n);
                    case BOTH_UNIFORM -> LongLoops.select(r, a, uniforms[s.b()][0], uniforms[s.c()][0], n);
                    case SCALED -> LongLoops.addScaled(r, a, uniforms[s.c()][0], tiles[s.b()], n);
                    case BOTH_SCALED ->
                        LongLoops.addScaled(r, a, uniforms[s.c()][0], tiles[s.b()], uniforms[s.d()][0], n);
                    case POSITIVE -> LongLoops.positive(r, a, tiles[s.b()], n);
                    default -> tiles(s, r, a, tiles[Math.max(s.b(), 0)], tiles[Math.max(s.c(), 0)], n);
                }
            }
        }
    }

    private void tiles(TileStep s, long[] r, long[] a, long[] b, long[] c, int n) {
        switch (s.code()) {
            case NEG -> LongLoops.neg(r, a, n);
            case ABS -> LongLoops.abs(r, a, n);
            case NOT -> LongLoops.not(r, a, n);
            case SIGN -> LongLoops.sign(r, a, n);
            case ADD -> LongLoops.add(r, a, b, n);
            case SUB -> LongLoops.sub(r, a, b, n);
            case MUL -> LongLoops.mul(r, a, b, n);
            case DIV -> LongLoops.div(r, a, b, n);
            case MAX -> LongLoops.max(r, a, b, n);
            case MIN -> LongLoops.min(r, a, b, n);
            case EQ -> LongLoops.eq(r, a, b, n);
            case NE -> LongLoops.ne(r, a, b, n);
            case LT -> LongLoops.lt(r, a, b, n);
            case LE -> LongLoops.le(r, a, b, n);
            case GT -> LongLoops.gt(r, a, b, n);
            case GE -> LongLoops.ge(r, a, b, n);
            case AND -> LongLoops.and(r, a, b, n);
            case OR -> LongLoops.or(r, a, b, n);
            case SELECT -> LongLoops.select(r, a, b, c, n);
            default -> {
                if (s.code().operands() == 1) {
                    functions(s.code(), r, a, n);
                } else {
                    functions(s.code(), r, a, b, n);
                }
            }
        }
    }

    private void lastUniform(TileStep s, long[] r, long[] a, int n) {
        if (s.code() == Code.SELECT) {
            LongLoops.select(r, a, tiles[s.b()], uniforms[s.c()][0], n);
            return;
        }
        long b = uniforms[s.b()][0];
        if (changesNothing(s.code(), b)) {
            if (r != a) {
                System.arraycopy(a, 0, r, 0, n);
            }
            return;
        }
        switch (s.code()) {
            case ADD -> LongLoops.add(r, a, b, n);
            case SUB -> LongLoops.sub(r, a, b, n);
            case MUL -> LongLoops.mul(r, a, b, n);
            case DIV -> LongLoops.div(r, a, b, n);
            case MAX -> LongLoops.max(r, a, b, n);
            case MIN -> LongLoops.min(r, a, b, n);
            case EQ -> LongLoops.eq(r, a, b, n);
            case NE -> LongLoops.ne(r, a, b, n);
            case LT -> LongLoops.lt(r, a, b, n);
            case LE -> LongLoops.le(r, a, b, n);
            case GT -> LongLoops.gt(r, a, b, n);
            case GE -> LongLoops.ge(r, a, b, n);
            case POW -> {
                for (int i = 0; i < n; i++) {
                    r[i] = (long) Functions.power(a[i], b);
                }
            }
            default -> throw unknown(s);
        }
    }

    private void middleUniform(TileStep s, long[] r, long[] a, int n) {
        if (s.code() == Code.SELECT) {
            LongLoops.select(r, a, uniforms[s.b()][0], tiles[s.c()], n);
            return;
        }
        long x = uniforms[s.a()][0];
        long[] b = tiles[s.b()];
        switch (s.code()) {
            case SUB -> LongLoops.sub(r, x, b, n);
            case DIV -> LongLoops.div(r, x, b, n);
            case POW -> {
                for (int i = 0; i < n; i++) {
                    r[i] = (long) Functions.power(x, b[i]);
                }
            }
            default -> throw unknown(s);
        }
    }

    private static void functions(Code code, long[] r, long[] a, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (long) Functions.of(code, a[i]);
        }
    }

    private static void functions(Code code, long[] r, long[] a, long[] b, int n) {
        for (int i = 0; i < n; i++) {
            r[i] = (long) Functions.of(code, a[i], b[i]);
        }
    }

    @Override
    long extreme(AxisRows rows, long row, boolean largest) {
        long[] a = tile(0);
        long best = 0;
        long place = -1;
        for (long from = 0; from < rows.length; from += length) {
            int n = (int) Math.min(length, rows.length - from);
            rows.load(this, 0, row, from, n);
            for (int i = 0; i < n; i++) {
                long v = a[i];
                if (place < 0 || (largest ? v > best : v < best)) {
                    best = v;
                    place = from + i;
                }
            }
        }
        return place;
    }
}
