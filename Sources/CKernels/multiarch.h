/*
 * ADPO_MULTIARCH before a function compiles it for AVX-512, AVX2 and baseline x86-64; the dynamic
 * linker picks one at load. Other processors, and other systems than glibc's, whose linkers cannot
 * pick, get the one build that their compiler makes.
 *
 * Hidden, so that the resolver that picks needs no relocation, which at that time may not have
 * been made yet; a shared library that exported these functions would call address 0.
 */
#ifndef CKERNELS_MULTIARCH_H
#define CKERNELS_MULTIARCH_H

/* It says whether the C library is glibc, by __GLIBC__. */
#include <stdint.h>

/* ThreadSanitizer would call its own code from the resolver, when that cannot be called yet. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ADPO_ONE_ARCH
#endif
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && !defined(ADPO_ONE_ARCH)
#define ADPO_CLONES(...) __attribute__((visibility("hidden"), target_clones(__VA_ARGS__)))
#else
#define ADPO_CLONES(...) __attribute__((visibility("hidden")))
#endif

#define ADPO_MULTIARCH ADPO_CLONES("arch=x86-64-v4", "arch=x86-64-v3", "default")

#endif
