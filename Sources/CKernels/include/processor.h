/* The processor: its instruction set, and how many there are. */
#ifndef CKERNELS_PROCESSOR_H
#define CKERNELS_PROCESSOR_H

/* The instruction set whose build of the kernels runs here, such as "x86-64-v4". Static. */
const char *adpo_instruction_set(void);

/* The processors that this process may run on, at least 1. */
int adpo_processor_count(void);

#endif
