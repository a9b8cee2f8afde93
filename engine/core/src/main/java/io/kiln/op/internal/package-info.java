/**
 * What users never call: operators that gradients are made of, and what operators of several families share. Not part of the API:
 * it changes without notice.
 */
package io.kiln.op.internal;
