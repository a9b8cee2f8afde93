package io.kiln.spark.feed;

import java.io.Serializable;

/** How the values of columns become the numbers of a field, if they are not these numbers themselves. */
public sealed interface Coding extends Serializable permits ImageCoding, TextCoding, Joined {}
