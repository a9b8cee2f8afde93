package io.kiln.spark.notebook;

/** Something shown as HTML in a notebook and as text in a terminal. */
public interface Picture {
    /**
     * Returns the picture for a browser.
     *
     * @return HTML without scripts and without references to other files
     */
    String toHtml();

    /** {@return the picture for a terminal} */
    @Override
    String toString();
}
