/* Project gas cells onto a grid: one pass over the cells serves every channel.
 *
 * For each cell: nearest periodic image about the centre, rotation, cut in depth, bin, and the
 * sums of all channels. Cells are taken in blocks that stay in the first-level cache: first the
 * geometry of a block, then its thermodynamics, then its weights side by side, each a loop that
 * the compiler vectorises; last the sums, cell by cell in the order of the input, all channels of
 * a pixel in one vector. Nothing the size of the input is made, and nothing is allocated here.
 *
 * A long input is summed in segments, each into sums of its own, which `finish` adds in order. The
 * segments follow from the number of cells alone, so a map has the same bits from any number of
 * threads; sums are double.
 */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 32
#define AHEAD 128

/* One binary for every processor of a kind; the loader picks the widest vectors there are. No
 * multiply-add is fused (see the flags), so all of them give the same bits. Older compilers do not
 * know these levels and make plain code. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && __GNUC__ >= 12 \
    && !defined(PLAIN)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif
/* What they call goes into each of their kinds. */
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

/* Lanes: the sums of one pixel lie side by side, in multiples of one vector of four. */
#define VECTOR 4
#define MOST_LANES 20
#define MOST_FIELDS 17
typedef double vector __attribute__((vector_size(VECTOR * sizeof(double))));

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
    int32_t even;          /* all bins as wide as the first; the last may be narrower */
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

/* Cells as they lie in the file. Without thermodynamics the fields are the mass (null where no
 * statistic asks for it), then one a channel; with them they are those of `enum field`. */
struct cells {
    struct column coordinates;                   /* (count, 3) */
    const struct column *fields;                 /* (count) each */
    int64_t count;
    const struct thermodynamics *thermodynamics; /* or null */
};

/* What a pixel sums: a lane a channel, then the count of cells and the mass where a mean asks. */
struct sums {
    const int32_t *statistic;
    int64_t channels;
    int64_t lanes;
    int64_t count_lane;  /* -1: none */
    int64_t mass_lane;   /* -1: none; may be the lane of a channel that sums the mass */
};

static const double one[BLOCK] = {[0 ... BLOCK - 1] = 1.0}, none[BLOCK];

INLINE const double *load(double *buffer, const struct column *in, int64_t first, int64_t n)
{
    if (in->type == FLOAT64)
        return (const double *)in->data + first;
    const float *from = (const float *)in->data + first;
    for (int64_t i = 0; i < n; i++)
        buffer[i] = from[i];
    return buffer;
}

/* Offset of a cell from the centre, to its nearest image in a periodic box. */
INLINE void offset(const struct grid *g, const double *r, int periodic, double *d)
{
    const double inverse_box = periodic ? 1.0 / g->box : 0.0;
    for (int k = 0; k < 3; k++) {
        d[k] = r[k] - g->centre[k];
        if (periodic)
            d[k] -= g->box * rint(d[k] * inverse_box);
    }
}

INLINE double turn(const double *row, const double *d)
{
    return row[0] * d[0] + row[1] * d[1] + row[2] * d[2];
}

/* Pixels of a block of cells, -1 outside and for NaN. Positions come in bins straight from the
 * rotation; returns whether a cell is so near an edge, or so far away, that rounding could put it
 * on the wrong side and `settle` must decide. */
INLINE int place(const struct grid *g, const double *restrict r, int64_t n, int periodic, int deep,
                 int32_t *restrict pixel)
{
    const double low = g->edges[0], scale = 1.0 / (g->edges[1] - low), start = -low * scale;
    const double end = (g->edges[g->bins] - low) * scale;
    const double reach = periodic ? 1.5 * g->box : 100.0 * (fabs(low) + g->edges[g->bins] - low);
    const double close = 1e-14 * (reach * scale + end);
    const int32_t bins = (int32_t)g->bins, last = bins - 1;
    double across[3], up[3];
    for (int k = 0; k < 3; k++) {
        across[k] = g->rotation[k] * scale;
        up[k] = g->rotation[3 + k] * scale;
    }
    int32_t near = 0;
    for (int64_t i = 0; i < n; i++) {
        double d[3];
        offset(g, r + 3 * i, periodic, d);
        const double s = turn(across, d) + start, t = turn(up, d) + start;
        int inside = (s >= 0) & (s <= end) & (t >= 0) & (t <= end);
        near |= (fabs(s - rint(s)) < close) | (fabs(t - rint(t)) < close);
        if (!periodic)
            near |= fabs(d[0]) + fabs(d[1]) + fabs(d[2]) > reach;
        if (deep) {
            const double depth = fabs(turn(g->rotation + 6, d));
            inside &= depth <= g->half_depth;
        }
        const int32_t column = (int32_t)(inside ? s : 0.0), row = (int32_t)(inside ? t : 0.0);
        const int32_t index = (row > last ? last : row) * bins + (column > last ? last : column);
        pixel[i] = inside ? index : -1;
    }
    return near;
}

/* The bin that holds v by NumPy's rule, edges[i] <= v < edges[i + 1], the last bin closed; -1
 * outside. */
static int64_t bin(double v, double scale, const double *edges, int64_t bins)
{
    if (!(v >= edges[0] && v <= edges[bins]))
        return -1;
    int64_t i = (int64_t)((v - edges[0]) * scale);
    i = i > bins - 1 ? bins - 1 : i;
    while (v < edges[i])
        i--;
    while (i < bins - 1 && v >= edges[i + 1])
        i++;
    return i;
}

/* Let the edges themselves decide every cell of a block. */
static void settle(const struct grid *g, const double *r, int64_t n, int32_t *pixel)
{
    const double scale = (double)g->bins / (g->edges[g->bins] - g->edges[0]);
    for (int64_t i = 0; i < n; i++) {
        double d[3];
        offset(g, r + 3 * i, g->box > 0, d);
        const int64_t column = bin(turn(g->rotation, d), scale, g->edges, g->bins);
        const int64_t row = bin(turn(g->rotation + 3, d), scale, g->edges, g->bins);
        const int inside = column >= 0 && row >= 0 && fabs(turn(g->rotation + 6, d)) <= g->half_depth;
        pixel[i] = inside ? (int32_t)(row * g->bins + column) : -1;
    }
}

/* x^(-2/3) for x > 0. The exponent of y = x^(-1/3) from the bits leaves e = 1 - x y^3 within a
 * tenth; then twice the series of (1 - e)^(-1/3), to e^4 and to e^3, whose rest is below rounding. */
INLINE double inverse_two_thirds(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (uint64_t)(0x553ef0ffu - (uint32_t)(bits >> 32) / 3u) << 32;
    double y;
    memcpy(&y, &bits, sizeof y);
    double e = 1.0 - x * (y * y * y);
    y += y * e * (1.0 / 3 + e * (2.0 / 9 + e * (14.0 / 81 + e * (35.0 / 243))));
    e = 1.0 - x * (y * y * y);
    y += y * e * (1.0 / 3 + e * (2.0 / 9 + e * (14.0 / 81)));
    return y * y;
}

/* Temperature (K) and entropy (keV cm^2) of a block; see skyloom/tng/gas.py for the formulae.
 * Counts cells whose electron abundance took the floor, and those that make no sense. */
INLINE void heat(const struct thermodynamics *t, const double *const *f, int64_t n,
                 double *restrict kelvin, double *restrict entropy, int64_t *counts)
{
    const double *restrict energy = f[ENERGY], *restrict abundance = f[ABUNDANCE];
    const double *restrict density = f[DENSITY], *restrict forming = f[STAR_FORMATION];
    const double least = t->abundance_floor, own = t->star_forming_kelvin;
    int64_t low = 0, bad = 0;
    for (int64_t i = 0; i < n; i++) {
        const double xe = abundance[i];
        const double mu = 4.0 / (1.0 + 3.0 * t->hydrogen + 4.0 * t->hydrogen * xe);
        kelvin[i] = t->kelvin * energy[i] * mu;
        low += xe < least;
        bad += !(density[i] > 0) | !(energy[i] >= 0);
    }
    if (!isnan(own))
        for (int64_t i = 0; i < n; i++)
            kelvin[i] = forming[i] > 0 ? own : kelvin[i];
    for (int64_t i = 0; i < n; i++) {
        const double raised = abundance[i] < least ? least : abundance[i];
        entropy[i] = t->entropy * kelvin[i] * inverse_two_thirds(t->electrons * raised * density[i]);
    }
    if (t->logarithm)
        for (int64_t i = 0; i < n; i++)
            entropy[i] = log10(entropy[i]);
    counts[0] += low;
    counts[1] += bad;
}

/* Weights of a block, (n, VECTOR) each: what its cells add to VECTOR lanes. */
INLINE void weigh(const double *const *value, const double *const *factor, int64_t n,
                  double *restrict weight)
{
    const double *restrict a0 = value[0], *restrict b0 = factor[0];
    const double *restrict a1 = value[1], *restrict b1 = factor[1];
    const double *restrict a2 = value[2], *restrict b2 = factor[2];
    const double *restrict a3 = value[3], *restrict b3 = factor[3];
    for (int64_t i = 0; i < n; i++) {
        weight[4 * i] = a0[i] * b0[i];
        weight[4 * i + 1] = a1[i] * b1[i];
        weight[4 * i + 2] = a2[i] * b2[i];
        weight[4 * i + 3] = a3[i] * b3[i];
    }
}

/* Ask for the cells of a block that is worked on some blocks later: the sums take the processor's
 * own foresight away. Addresses past the end do no harm. */
INLINE void fetch(const struct cells *cells, int64_t fields, int64_t start)
{
    const int64_t line = 64;
    for (int64_t k = -1; k < fields; k++) {
        const struct column *column = k < 0 ? &cells->coordinates : &cells->fields[k];
        const int64_t size = (column->type == FLOAT32 ? 4 : 8) * (k < 0 ? 3 : 1);
        for (int64_t at = 0; at < BLOCK * size; at += line)
            __builtin_prefetch((const char *)column->data + start * size + at);
    }
}

INLINE void add(const int32_t *pixel, int64_t n, const double *weight, int64_t lanes, double *sums)
{
    for (int64_t i = 0; i < n; i++)
        if (pixel[i] >= 0)
            *(vector *)(sums + pixel[i] * lanes) += *(const vector *)(weight + VECTOR * i);
}

/* Add n cells from `start` on to the sums; n is a constant but for the last block. */
INLINE void add_block(const struct grid *g, const struct cells *cells, const struct sums *s,
                      int64_t start, int64_t n, double *sums, int64_t *counts)
{
    double r[3 * BLOCK], buffer[MOST_FIELDS][BLOCK];
    double kelvin[BLOCK], entropy[BLOCK];
    double weight[BLOCK * VECTOR] __attribute__((aligned(sizeof(vector))));
    int32_t pixel[BLOCK];
    const double *f[MOST_FIELDS], *value[MOST_LANES], *factor[MOST_LANES];
    const struct thermodynamics *t = cells->thermodynamics;
    const int64_t fields = t ? (isnan(t->star_forming_kelvin) ? STAR_FORMATION : FIELDS)
                             : s->channels + 1;
    const int kind = 2 * (g->box > 0) + !isinf(g->half_depth);
    fetch(cells, fields, start + AHEAD);
    const double *places = load(r, &cells->coordinates, 3 * start, 3 * n);
    const int near = kind == 0   ? place(g, places, n, 0, 0, pixel)
                     : kind == 1 ? place(g, places, n, 0, 1, pixel)
                     : kind == 2 ? place(g, places, n, 1, 0, pixel)
                                 : place(g, places, n, 1, 1, pixel);
    if (near || !g->even)
        settle(g, places, n, pixel);
    for (int64_t k = 0; k < fields; k++)
        f[k] = cells->fields[k].data ? load(buffer[k], &cells->fields[k], start, n) : one;
    if (t)
        heat(t, f, n, kelvin, entropy, counts);
    for (int64_t c = 0; c < s->lanes; c++) {
        value[c] = c == s->count_lane ? one : c == s->mass_lane ? f[MASS] : none;
        factor[c] = one;
        if (c >= s->channels)
            continue;
        value[c] = !t ? f[c + 1] : c == 0 ? entropy : c == 1 ? f[MASS] : kelvin;
        if (s->statistic[c] == MASS_WEIGHTED_MEAN)
            factor[c] = f[MASS];
    }
    for (int64_t c = 0; c < s->lanes; c += VECTOR) {
        weigh(value + c, factor + c, n, weight);
        add(pixel, n, weight, s->lanes, sums + c);
    }
}

/* Add the cells from `first` to `last` to the sums (bins, bins, lanes), aligned to a vector, which
 * are zeroed here. counts: cells whose electron abundance took the floor; those that make no sense. */
WIDEST
void accumulate(const struct grid *g, const struct cells *cells, const struct sums *s,
                int64_t first, int64_t last, double *sums, int64_t *counts)
{
    int64_t start = first;
    memset(sums, 0, g->bins * g->bins * s->lanes * sizeof(double));
    for (; start + BLOCK <= last; start += BLOCK)
        add_block(g, cells, s, start, BLOCK, sums, counts);
    if (start < last)
        add_block(g, cells, s, start, last - start, sums, counts);
}

/* One over the norm in each of n pixels; 1 where it is nothing or is not asked for. */
INLINE void invert(const double *total, int64_t lane, int64_t n, int64_t lanes,
                   double *restrict inverse)
{
    for (int64_t p = 0; p < n; p++)
        inverse[p] = 1.0;
    if (lane >= 0)
        for (int64_t p = 0; p < n; p++) {
            const double norm = total[p * lanes + lane];
            inverse[p] = 1.0 / (norm >= DBL_MIN ? norm : 1.0);
        }
}

/* Divide the lanes of n pixels that hold a mean's sums by their norm. */
INLINE void divide(const struct sums *s, int64_t n, int64_t lanes, double *total)
{
    double by_count[BLOCK], by_mass[BLOCK];
    vector counted[MOST_LANES / VECTOR], weighted[MOST_LANES / VECTOR], plain;
    for (int64_t c = 0; c < lanes; c++) {
        const int32_t statistic = c < s->channels ? s->statistic[c] : SUM;
        counted[c / VECTOR][c % VECTOR] = statistic == MEAN;
        weighted[c / VECTOR][c % VECTOR] = statistic == MASS_WEIGHTED_MEAN;
    }
    invert(total, s->count_lane, n, lanes, by_count);
    invert(total, s->mass_lane, n, lanes, by_mass);
    for (int64_t p = 0; p < n; p++)
        for (int64_t v = 0; v < lanes / VECTOR; v++) {
            plain = 1.0 - counted[v] - weighted[v];
            ((vector *)(total + p * lanes))[v] *= plain + by_count[p] * counted[v]
                                                  + by_mass[p] * weighted[v];
        }
}

/* From `first` to `last` pixel: add the sums of the other segments in order, and divide where a
 * mean is wanted. */
WIDEST
void finish(const struct sums *s, int64_t first, int64_t last, int64_t segments,
            double *const *segment)
{
    for (int64_t start = first; start < last; start += BLOCK) {
        const int64_t n = last - start < BLOCK ? last - start : BLOCK;
        double *total = segment[0] + start * s->lanes;
        for (int64_t k = 1; k < segments; k++)
            for (int64_t i = 0; i < n * s->lanes; i++)
                total[i] += segment[k][start * s->lanes + i];
        if (s->count_lane < 0 && s->mass_lane < 0)
            continue;
        /* The usual number of lanes as a constant. */
        if (s->lanes == VECTOR)
            divide(s, n, VECTOR, total);
        else
            divide(s, n, s->lanes, total);
    }
}
