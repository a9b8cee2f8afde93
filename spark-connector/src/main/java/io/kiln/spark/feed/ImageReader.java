package io.kiln.spark.feed;

import io.kiln.data.file.ImageDecoder;
import io.kiln.data.vision.Bitmap;
import java.io.IOException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;

/**
 * Decodes the images of a field. They become rows of bytes at once or, if they are transformed in each epoch, stay as they are: decoded,
 * or as a file if that is much smaller. Either way each image is decoded here, so that damaged ones are found before training.
 */
final class ImageReader extends FieldReader {
    private static final int GREY = 0;
    private static final int BGR = 16;
    private static final int BGRA = 24;

    private final ImageCoding coding;
    private final int[] fields;
    private final int structFields;
    private byte[] packed;

    ImageReader(Field field) {
        super(field, "replace or drop");
        this.coding = (ImageCoding) field.coding();
        if (field.types().get(0) instanceof StructType s) {
            this.structFields = s.length();
            this.fields = new int[] {
                s.fieldIndex("height"),
                s.fieldIndex("width"),
                s.fieldIndex("nChannels"),
                s.fieldIndex("mode"),
                s.fieldIndex("data")
            };
        } else {
            this.structFields = 0;
            this.fields = new int[0];
        }
    }

    @Override
    public String read(InternalRow row, int ordinal) {
        begin();
        if (row.isNullAt(ordinal)) {
            return invalid("is null");
        }
        String path = coding.source() == ImageCoding.Source.PATH
                ? row.getUTF8String(ordinal).toString()
                : null;
        try {
            if (coding.source() == ImageCoding.Source.STRUCT) {
                pack(ofStruct(row.getStruct(ordinal, structFields)), null);
            } else {
                byte[] file =
                        path == null ? row.getBinary(ordinal) : coding.files().read(path);
                pack(ImageDecoder.decode(file), file);
            }
            return null;
        } catch (IOException e) {
            return invalid((path == null ? "" : "names " + path + ", which ") + e.getMessage());
        }
    }

    private void pack(Bitmap image, byte[] file) {
        packed = coding.isPerEpoch()
                ? StoredImage.of(image.withChannels(coding.size().channels()), file)
                : coding.row(image);
    }

    /** The form of OpenCV's matrices, which Spark uses. */
    private Bitmap ofStruct(InternalRow image) throws IOException {
        if (image.isNullAt(fields[4])) {
            throw new IOException("has no data");
        }
        int h = image.getInt(fields[0]);
        int w = image.getInt(fields[1]);
        int c = image.getInt(fields[2]);
        int mode = image.getInt(fields[3]);
        byte[] data = image.getBinary(fields[4]);
        int expected = mode == GREY ? 1 : mode == BGR ? 3 : mode == BGRA ? 4 : -1;
        if (h < 1 || w < 1 || c != expected || (long) h * w * c != data.length) {
            throw new IOException(
                    "is an image of " + h + "x" + w + ", " + c + " channels, mode " + mode + " and " + data.length
                            + " bytes, expected CV_8UC1, CV_8UC3 or CV_8UC4 with a byte for each channel of each pixel");
        }
        byte[] rgb = data.clone();
        for (int i = 0; c > 1 && i < rgb.length; i += c) {
            rgb[i] = data[i + 2];
            rgb[i + 2] = data[i];
        }
        return new Bitmap(h, w, c, rgb);
    }

    @Override
    public void addTo(ColumnBuilder to) {
        if (coding.isPerEpoch()) {
            to.sequence(packed.length, packed, Platform.BYTE_ARRAY_OFFSET);
        } else {
            to.fixed(packed, Platform.BYTE_ARRAY_OFFSET);
        }
    }
}
