package io.kiln.spark.feed;

import java.io.Serializable;

/** How the values of a field become numbers, if they are none. */
public sealed interface Coding extends Serializable permits ImageCoding, TextCoding {}
