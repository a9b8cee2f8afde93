package io.kiln.spark.feed;

import io.kiln.backend.Backend;
import io.kiln.data.vision.Bitmap;
import io.kiln.data.vision.Image;
import io.kiln.data.vision.ImageTransform;
import org.apache.spark.unsafe.Platform;

/** A field of images that are decoded and transformed for each batch. */
final class ImageField implements BatchField {
    private final DenseField rows;
    private final ImageCoding coding;
    private final ImageTransform transform;
    private final PackedColumn[] columns;
    private final int[] places;
    private int count;

    ImageField(Backend backend, Batch.Part form, int capacity) {
        this.coding = form.images();
        this.transform = coding.transform();
        this.rows = new DenseField(backend, form, capacity);
        this.columns = new PackedColumn[capacity];
        this.places = new int[capacity];
    }

    @Override
    public void measure(int row, PackedColumn column, int at) {
        // All have the same size.
    }

    @Override
    public void open(int n) {
        count = n;
        rows.open(n);
    }

    @Override
    public void put(int row, PackedColumn column, int at) {
        columns[row] = column;
        places[row] = at;
    }

    @Override
    public void finish(BatchRows which, FeedThreads threads) {
        threads.forEach(count, i -> {
            byte[] row = row(i, which);
            Platform.copyMemory(row, Platform.BYTE_ARRAY_OFFSET, null, rows.address(i), row.length);
        });
    }

    private byte[] row(int i, BatchRows which) {
        Bitmap b = StoredImage.read(columns[i].bytes(places[i]))
                .withChannels(coding.size().channels());
        if (which == null || which.draws() == null) {
            return coding.row(b);
        }
        int row = which.rows()[i];
        try {
            Image transformed = transform.apply(b.toImage(), which.draws().of(row));
            return coding.row(Bitmap.of(transformed));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "imageTransforms: row %d, an image of %dx%d: %s"
                            .formatted(which.draws().firstRow() + row, b.height(), b.width(), e.getMessage()),
                    e);
        }
    }

    @Override
    public void filled() {
        rows.filled();
    }

    DenseField rows() {
        return rows;
    }

    @Override
    public void close() {
        rows.close();
    }
}
