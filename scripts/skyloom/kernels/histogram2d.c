/* Project gas cells onto a grid: one pass over the cells serves every channel.
 *
 * For each cell: nearest periodic image about the centre, rotation, cut in depth, bin, and the
 * sums of all channels. The caller owns every array; nothing is allocated here. Sums are double
 * and run in the order of the cells, so a map does not depend on who else is running.
 */
#include <math.h>
#include <stdint.h>

enum statistic { SUM = 0, MEAN = 1, MASS_WEIGHTED_MEAN = 2 };

/* Index of the bin that holds v, by NumPy's rule: edges[i] <= v < edges[i + 1], and the last bin
 * also holds its upper edge. -1 outside the grid; NaN is outside. */
static inline int64_t find_bin(double v, const double *edges, int64_t bins, double inverse_width)
{
    if (!(v >= edges[0] && v <= edges[bins]))
        return -1;
    int64_t i = (int64_t)((v - edges[0]) * inverse_width);
    if (i >= bins)
        i = bins - 1;
    /* The product above may be off by one rounding; the edges decide. */
    while (i > 0 && v < edges[i])
        i--;
    while (i < bins - 1 && v >= edges[i + 1])
        i++;
    return i;
}

/* coordinates   (cells, 3)        box coordinates
 * centre        (3)               of the picture, same unit
 * box           side of the periodic box; 0 for no periodicity
 * rotation      (3, 3)            row-major, applied to (coordinates - centre)
 * edges         (bins + 1)        rising; the same for both axes
 * half_depth    cells beyond +-half_depth along the line of sight are left out; INFINITY for none
 * mass          (cells)
 * values        channels pointers to (cells)
 * statistic     (channels)
 * maps          (channels, bins, bins), zeroed by the caller; row index is y, column index is x
 * count, weight (bins, bins), zeroed by the caller: cells and mass in each bin
 *
 * Returns how many cells fell on the grid.
 */
int64_t project_cells(const double *coordinates, int64_t cells, const double *centre, double box,
                      const double *rotation, const double *edges, int64_t bins,
                      double half_depth, const double *mass, const double *const *values,
                      const int32_t *statistic, int64_t channels, double *maps, double *count,
                      double *weight)
{
    const double inverse_width = (double)bins / (edges[bins] - edges[0]);
    const double inverse_box = box > 0 ? 1.0 / box : 0.0;
    const int64_t pixels = bins * bins;
    int64_t inside = 0;

    for (int64_t n = 0; n < cells; n++) {
        double r[3];
        for (int k = 0; k < 3; k++) {
            const double d = coordinates[3 * n + k] - centre[k];
            r[k] = d - box * rint(d * inverse_box);
        }
        const double z = rotation[6] * r[0] + rotation[7] * r[1] + rotation[8] * r[2];
        if (!(fabs(z) <= half_depth))
            continue;
        const double x = rotation[0] * r[0] + rotation[1] * r[1] + rotation[2] * r[2];
        const double y = rotation[3] * r[0] + rotation[4] * r[1] + rotation[5] * r[2];
        const int64_t ix = find_bin(x, edges, bins, inverse_width);
        const int64_t iy = find_bin(y, edges, bins, inverse_width);
        if (ix < 0 || iy < 0)
            continue;

        const int64_t pixel = iy * bins + ix;
        inside++;
        count[pixel] += 1.0;
        weight[pixel] += mass[n];
        for (int64_t c = 0; c < channels; c++) {
            const double v = values[c][n];
            maps[c * pixels + pixel] += statistic[c] == MASS_WEIGHTED_MEAN ? v * mass[n] : v;
        }
    }

    for (int64_t c = 0; c < channels; c++) {
        if (statistic[c] == SUM)
            continue;
        const double *norm = statistic[c] == MEAN ? count : weight;
        for (int64_t pixel = 0; pixel < pixels; pixel++)
            if (norm[pixel] > 0)
                maps[c * pixels + pixel] /= norm[pixel];
    }
    return inside;
}
