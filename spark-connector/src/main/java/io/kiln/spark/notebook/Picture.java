package io.kiln.spark.notebook;

/** Something that a notebook shows as HTML and a terminal as text. */
public interface Picture {
    /**
     * The picture for a browser.
     *
     * @return HTML without scripts and without references to other files
     */
    String toHtml();

    /** {@return the picture for a terminal} */
    @Override
    String toString();
}
