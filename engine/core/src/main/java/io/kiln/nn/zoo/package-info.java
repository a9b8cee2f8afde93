/**
 * Well-known networks, ready to be trained. Each class makes the blocks of one paper; what is not said otherwise is as in the
 * paper, or as in torchvision where people have come to expect that. Nothing is allocated before a network first sees data.
 */
package io.kiln.nn.zoo;
