/**
 * Operators that are only used in gradients, and code shared by operators of several families. Not part of the API: it
 * changes without notice.
 */
package io.kiln.op.internal;
