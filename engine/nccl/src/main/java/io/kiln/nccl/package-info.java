/** NCCL for the CUDA backend, by Bytedeco's binding. */
package io.kiln.nccl;
