/* How fast this machine reads memory in order: the floor of every single pass. */
#include <stdint.h>

double stream(const double *data, int64_t n)
{
    double sum[8] = {0};
    for (int64_t i = 0; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++)
            sum[k] += data[i + k];
    return sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
}
