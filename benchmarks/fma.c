/* The machine's rate of fused multiply-adds in single precision: registers only, no memory.
 *
 * Compile for the machine itself (-O3 -march=native). Each thread keeps CHAINS independent vectors
 * of accumulators, enough to cover the latency (4 cycles) of two units, and multiplies and adds
 * into them. `fma_flops` runs `threads` of them side by side and returns FLOP/s, a multiply-add
 * counted as two. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
/* AVX2 and NEON have fewer registers than AVX-512. */
#define CHAINS (WIDTH == 16 ? 16 : 10)

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float))));

struct work {
    long rounds;
    float sum;
};

static void *multiply_add(void *argument)
{
    struct work *work = argument;
    vector sum[CHAINS];
    /* 1 is the fixed point of x * factor + term: no overflow, no denormals. Scalars widened, so
     * that the compiler holds them in registers; known at run time only. */
    vector factor = (vector){0} + (0.999f - 1e-9f * (float)(work->rounds & 1));
    vector term = 1.0f - factor;
    for (int chain = 0; chain < CHAINS; chain++)
        sum[chain] = term * (float)(chain + 1);
    for (long round = 0; round < work->rounds; round++)
#pragma GCC unroll 16
        for (int chain = 0; chain < CHAINS; chain++)
            sum[chain] = sum[chain] * factor + term;
    vector total = sum[0];
    for (int chain = 1; chain < CHAINS; chain++)
        total += sum[chain];
    for (int lane = 0; lane < WIDTH; lane++)
        work->sum += total[lane];
    return NULL;
}

/* FLOP/s of `threads` threads that each do `rounds` rounds; negative where one cannot start. */
double fma_flops(int threads, long rounds)
{
    pthread_t *handle = malloc(threads * sizeof *handle);
    struct work *work = calloc(threads, sizeof *work);
    struct timespec begin, end;
    double flops = -1.0;
    int started = 0;
    if (handle && work) {
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (; started < threads; started++) {
            work[started].rounds = rounds;
            if (pthread_create(&handle[started], NULL, multiply_add, &work[started]))
                break;
        }
        for (int i = 0; i < started; i++)
            pthread_join(handle[i], NULL);
        clock_gettime(CLOCK_MONOTONIC, &end);
        if (started == threads)
            flops = 2.0 * threads * rounds * CHAINS * WIDTH
                  / (end.tv_sec - begin.tv_sec + 1e-9 * (end.tv_nsec - begin.tv_nsec));
    }
    free(handle);
    free(work);
    return flops;
}
