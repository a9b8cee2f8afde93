/** What {@code build/gpu/run.sh} measures on a GPU, beside PyTorch. */
package io.kiln.cuda.measure;
