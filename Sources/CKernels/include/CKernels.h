/*
 * The vector loops: plain C, compiled once per instruction set, chosen at load.
 * They trust their arguments; the Swift code that calls them has checked the sizes.
 */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "decode.h"
#include "optimizer.h"

#endif
