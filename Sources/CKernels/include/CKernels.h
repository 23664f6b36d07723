/*
 * The vector loops: plain C, compiled once per instruction set, chosen at load.
 * They trust their arguments; the Swift code that calls them has checked the sizes.
 */
#ifndef CKERNELS_H
#define CKERNELS_H

#include "activation.h"
#include "adapter.h"
#include "encodings.h"
#include "norm.h"
#include "optimizer.h"
#include "processor.h"
#include "product.h"
#include "rope.h"
#include "softmax.h"
#include "vector.h"

#endif
