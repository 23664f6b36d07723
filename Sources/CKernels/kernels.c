#include "kernels.h"

static const kernels *choose(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        return __builtin_cpu_supports("avx512bf16") ? &adpo_avx512_bf16_kernels
                                                    : &adpo_avx512_kernels;
#endif
    return &adpo_portable_kernels;
}

const kernels *adpo_kernels(void) {
    /* Two threads that choose at once choose the same. */
    static const kernels *chosen;
    const kernels *table = __atomic_load_n(&chosen, __ATOMIC_RELAXED);
    if (!table) {
        table = choose();
        __atomic_store_n(&chosen, table, __ATOMIC_RELAXED);
    }
    return table;
}
