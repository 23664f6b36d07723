#include <cblas.h>

/* OpenBLAS's own additions; a distribution's generic cblas.h may lack them. */
void openblas_set_num_threads(int count);
int openblas_get_num_procs(void);
char *openblas_get_config(void);
char *openblas_get_corename(void);
