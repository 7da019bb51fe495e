/* Project gas cells onto a grid: one pass over the cells serves every channel.
 *
 * For each cell: nearest periodic image about the centre, rotation, cut in depth, bin, and the
 * sums of all channels. Cells are taken in blocks that stay in the first-level cache: first the
 * geometry of a block, then its thermodynamics, each a loop that the compiler vectorises, then the
 * sums, cell by cell in the order of the input. Sums are double, so a map depends on nothing but
 * its cells and their order. The caller owns every array; nothing is allocated here.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 512

/* One binary for every processor of a kind; the loader picks the widest vectors there are. No
 * multiply-add is fused (see the flags), so all of them give the same bits. Older compilers do not
 * know these levels and make plain code. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && __GNUC__ >= 12 \
    && !defined(PLAIN)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif

enum statistic { SUM = 0, MEAN = 1, MASS_WEIGHTED_MEAN = 2 };
enum type { FLOAT64 = 0, FLOAT32 = 1 };
enum field { MASS, ENERGY, ABUNDANCE, DENSITY, STAR_FORMATION, FIELDS };

struct column {
    const void *data;
    int32_t type;
};

struct grid {
    double centre[3];
    double box;            /* side of the periodic box; 0 for no periodicity */
    double rotation[9];    /* row-major, applied to (coordinates - centre) */
    double half_depth;     /* cells beyond it along the line of sight are left out */
    const double *edges;   /* (bins + 1), rising, the same for both axes */
    int64_t bins;
};

struct thermodynamics {
    double kelvin;               /* (gamma - 1) m_p / k_B in K / (km/s)^2, times the energy and mu */
    double electrons;            /* n_e in cm^-3 = electrons x_e rho_code */
    double entropy;              /* k_B in keV/K */
    double hydrogen;             /* X */
    double abundance_floor;      /* least x_e in the entropy */
    double star_forming_kelvin;  /* NaN: that of the effective equation of state */
    int32_t logarithm;           /* entropy as log10 */
};

static void load(double *out, const struct column *in, int64_t first, int64_t n)
{
    if (in->type == FLOAT32) {
        const float *from = (const float *)in->data + first;
        for (int64_t i = 0; i < n; i++)
            out[i] = from[i];
    } else {
        memcpy(out, (const double *)in->data + first, n * sizeof(double));
    }
}

/* x^(-2/3) for x > 0: the exponent of x^(-1/3) from the bits, then Newton's steps for it. */
static inline double inverse_two_thirds(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (uint64_t)(0x553ef0ffu - (uint32_t)(bits >> 32) / 3u) << 32;
    double y;
    memcpy(&y, &bits, sizeof y);
    for (int k = 0; k < 5; k++)
        y = y * (4.0 - x * (y * y * y)) * (1.0 / 3.0);
    return y * y;
}

/* Positions of a block in the picture, in bins from its lower edges; outside, and for NaN, x is -1.
 * The guess of a bin is right or next to it: `add` lets the edges decide. */
WIDEST
static void place(const struct grid *g, const double *restrict r, int64_t n, double *restrict x,
                  double *restrict y, int32_t *restrict ix, int32_t *restrict iy)
{
    const double c0 = g->centre[0], c1 = g->centre[1], c2 = g->centre[2];
    const double box = g->box, inverse_box = box > 0 ? 1.0 / box : 0.0;
    const double a0 = g->rotation[0], a1 = g->rotation[1], a2 = g->rotation[2];
    const double b0 = g->rotation[3], b1 = g->rotation[4], b2 = g->rotation[5];
    const double e0 = g->rotation[6], e1 = g->rotation[7], e2 = g->rotation[8];
    const double low = g->edges[0], high = g->edges[g->bins], deep = g->half_depth;
    const double scale = (double)g->bins / (high - low);
    const double last = (double)(g->bins - 1);
    for (int64_t i = 0; i < n; i++) {
        double d0 = r[3 * i] - c0, d1 = r[3 * i + 1] - c1, d2 = r[3 * i + 2] - c2;
        d0 -= box * rint(d0 * inverse_box);
        d1 -= box * rint(d1 * inverse_box);
        d2 -= box * rint(d2 * inverse_box);
        const double u = a0 * d0 + a1 * d1 + a2 * d2;
        const double v = b0 * d0 + b1 * d1 + b2 * d2;
        const double w = fabs(e0 * d0 + e1 * d1 + e2 * d2);
        const int inside = (w <= deep) & (u >= low) & (u <= high) & (v >= low) & (v <= high);
        double s = inside ? (u - low) * scale : -1.0;
        double t = inside ? (v - low) * scale : 0.0;
        s = s > last ? last : s;
        t = t > last ? last : t;
        x[i] = u;
        y[i] = v;
        ix[i] = (int32_t)s;
        iy[i] = (int32_t)t;
    }
}

/* The bin that holds v by NumPy's rule, edges[i] <= v < edges[i + 1], the last bin closed. For even
 * edges the guess is off by one rounding at most; for others the loops walk to the bin. */
static inline int64_t settle(int64_t i, double v, const double *edges, int64_t bins)
{
    while (v < edges[i])
        i--;
    while (i < bins - 1 && v >= edges[i + 1])
        i++;
    return i;
}

/* Temperature (K) and entropy (keV cm^2) of a block; see skyloom/tng/gas.py for the formulae.
 * Counts cells whose electron abundance took the floor, and those that make no sense. */
WIDEST
static void heat(const struct thermodynamics *t, double (*f)[BLOCK], int64_t n, double *kelvin,
                 double *entropy, int64_t *floored, int64_t *senseless)
{
    const int effective = isnan(t->star_forming_kelvin);
    int64_t low = 0, bad = 0;
    for (int64_t i = 0; i < n; i++) {
        const double xe = f[ABUNDANCE][i];
        const double mu = 4.0 / (1.0 + 3.0 * t->hydrogen + 4.0 * t->hydrogen * xe);
        double T = t->kelvin * f[ENERGY][i] * mu;
        if (!effective)
            T = f[STAR_FORMATION][i] > 0 ? t->star_forming_kelvin : T;
        const double raised = xe < t->abundance_floor ? t->abundance_floor : xe;
        low += xe < t->abundance_floor;
        bad += !(f[DENSITY][i] > 0) | !(f[ENERGY][i] >= 0);
        kelvin[i] = T;
        entropy[i] = t->entropy * T * inverse_two_thirds(t->electrons * raised * f[DENSITY][i]);
    }
    if (t->logarithm)
        for (int64_t i = 0; i < n; i++)
            entropy[i] = log10(entropy[i]);
    *floored += low;
    *senseless += bad;
}

/* Add a block to the sums: (bins, bins, channels + 2), the last two cells and mass. Inlined, so that
 * the number of channels is a constant where it is one. */
static inline int64_t add(const struct grid *g, const double *x, const double *y,
                          const int32_t *ix, const int32_t *iy, int64_t n, const double *mass,
                          const double *const *values, const int32_t *statistic, int64_t channels,
                          double *sums)
{
    int64_t inside = 0;
    for (int64_t i = 0; i < n; i++) {
        if (ix[i] < 0)
            continue;
        const int64_t column = settle(ix[i], x[i], g->edges, g->bins);
        const int64_t row = settle(iy[i], y[i], g->edges, g->bins);
        double *pixel = sums + (row * g->bins + column) * (channels + 2);
        for (int64_t c = 0; c < channels; c++)
            pixel[c] += statistic[c] == MASS_WEIGHTED_MEAN ? values[c][i] * mass[i] : values[c][i];
        pixel[channels] += 1.0;
        pixel[channels + 1] += mass[i];
        inside++;
    }
    return inside;
}

/* Sums to maps (channels, bins, bins): row index is y, column index is x. */
static void finish(int64_t pixels, int64_t channels, const int32_t *statistic, const double *sums,
                   double *maps)
{
    for (int64_t p = 0; p < pixels; p++) {
        const double *pixel = sums + p * (channels + 2);
        for (int64_t c = 0; c < channels; c++) {
            const double norm = statistic[c] == MEAN ? pixel[channels] : pixel[channels + 1];
            const int divide = statistic[c] != SUM && norm > 0;
            maps[c * pixels + p] = divide ? pixel[c] / norm : pixel[c];
        }
    }
}

/* Maps of any channels. coordinates (cells, 3), mass and values (cells) are double; sums
 * (bins, bins, channels + 2) is zeroed by the caller. Returns how many cells fell on the grid. */
int64_t project_cells(const struct grid *g, const double *coordinates, int64_t cells,
                      const double *mass, const double *const *values, const int32_t *statistic,
                      int64_t channels, double *sums, double *maps)
{
    double x[BLOCK], y[BLOCK];
    int32_t ix[BLOCK], iy[BLOCK];
    const double *here[16];
    int64_t inside = 0;
    for (int64_t first = 0; first < cells; first += BLOCK) {
        const int64_t n = cells - first < BLOCK ? cells - first : BLOCK;
        place(g, coordinates + 3 * first, n, x, y, ix, iy);
        for (int64_t c = 0; c < channels; c++)
            here[c] = values[c] + first;
        inside += add(g, x, y, ix, iy, n, mass + first, here, statistic, channels, sums);
    }
    finish(g->bins * g->bins, channels, statistic, sums, maps);
    return inside;
}

/* Maps of entropy, mass and temperature straight from the fields of the file, in either precision.
 * counts: cells whose electron abundance took the floor; cells that make no sense. */
int64_t project_gas(const struct grid *g, const struct column *coordinates, int64_t cells,
                    const struct column *fields, const struct thermodynamics *t,
                    const int32_t *statistic, double *sums, double *maps, int64_t *counts)
{
    double r[3 * BLOCK], x[BLOCK], y[BLOCK], f[FIELDS][BLOCK], kelvin[BLOCK], entropy[BLOCK];
    int32_t ix[BLOCK], iy[BLOCK];
    const double *values[3] = {entropy, f[MASS], kelvin};
    int64_t inside = 0;
    counts[0] = counts[1] = 0;
    for (int64_t first = 0; first < cells; first += BLOCK) {
        const int64_t n = cells - first < BLOCK ? cells - first : BLOCK;
        load(r, coordinates, 3 * first, 3 * n);
        for (int k = 0; k < FIELDS; k++)
            load(f[k], &fields[k], first, n);
        place(g, r, n, x, y, ix, iy);
        heat(t, f, n, kelvin, entropy, &counts[0], &counts[1]);
        inside += add(g, x, y, ix, iy, n, f[MASS], values, statistic, 3, sums);
    }
    finish(g->bins * g->bins, 3, statistic, sums, maps);
    return inside;
}
