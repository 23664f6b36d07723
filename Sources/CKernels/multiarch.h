/*
 * ADPO_MULTIARCH before a function compiles it for AVX-512, AVX2 and baseline x86-64; the dynamic
 * linker picks one at load. Other processors get the one build that their compiler makes.
 *
 * Hidden, so that the resolver that picks needs no relocation, which at that time may not have
 * been made yet; a shared library that exported these functions would call address 0.
 */
#ifndef CKERNELS_MULTIARCH_H
#define CKERNELS_MULTIARCH_H

#if defined(__x86_64__)
#define ADPO_MULTIARCH \
    __attribute__((visibility("hidden"), \
                   target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ADPO_MULTIARCH __attribute__((visibility("hidden")))
#endif

/* Whether the kernels written for AVX-512 can run here. */
static inline int has_avx512(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f");
#else
    return 0;
#endif
}

#endif
