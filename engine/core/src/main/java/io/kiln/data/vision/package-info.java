/**
 * Images and their augmentation. An {@link io.kiln.data.vision.Image} is held in Java memory and leaves it as a batch;
 * no class here needs {@code java.desktop}.
 */
package io.kiln.data.vision;
