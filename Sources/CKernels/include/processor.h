/* What the processor can do. */
#ifndef CKERNELS_PROCESSOR_H
#define CKERNELS_PROCESSOR_H

/* The instruction set whose build of the kernels runs here, such as "x86-64-v4". Static. */
const char *adpo_instruction_set(void);

#endif
