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

/* So few that the sums of a block, which wait for their pixels, and the next block's arithmetic are
 * in flight together; cells are asked for AHEAD of their turn. */
#define BLOCK 16
#define AHEAD 128
#define UNSURE (-2)

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
    struct column density;                       /* of cells as large as they are; null: points */
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

/* How `place` turns offsets into bins, in single precision. */
struct view {
    double centre[3 * BLOCK];  /* once a cell of a block */
    double box, inverse_box;
    float turn[9];
    float start, most, full;   /* origin and number of bins; how many of them are of one width */
    float per_length, at_least;
    float half_depth;
    int32_t bins;
};

INLINE void look(const struct grid *g, struct view *v)
{
    const double low = g->edges[0], scale = 1.0 / (g->edges[1] - low), origin = -low * scale;
    const double end = (g->edges[g->bins] - low) * scale;
    float largest = 0;
    for (int64_t i = 0; i < 3 * BLOCK; i++)
        v->centre[i] = g->centre[i % 3];
    v->box = g->box;
    v->inverse_box = g->box > 0 ? 1.0 / g->box : 0.0;
    for (int k = 0; k < 9; k++) {
        v->turn[k] = (float)(g->rotation[k] * scale);
        largest = fabsf(v->turn[k]) > largest ? fabsf(v->turn[k]) : largest;
    }
    v->bins = (int32_t)g->bins;
    v->start = (float)origin;
    v->most = (float)v->bins;
    v->full = fabs(end - v->bins) < 1e-6 ? v->most : v->most - 1;
    v->per_length = 1.01f * 3 * FLT_EPSILON * largest;
    v->at_least = 1.01f * FLT_EPSILON * (float)(fabs(end) + fabs(origin));
    v->half_depth = (float)(g->half_depth * scale);
}

/* Pixels of a block of cells, -1 outside, UNSURE where `settle` must decide. Offsets are taken in
 * double and turned in single precision, straight into bins: twice as many at once. `unsure` bounds
 * what rounding can do to a position, six roundings of its terms and two of the sum; a cell nearer
 * to an edge, in a last bin that is narrower, or with a NaN is left to `settle`, so that no bin
 * depends on single precision. Returns whether a cell is left. */
INLINE int place(const struct view *v, const double *restrict r, int64_t n, int periodic, int deep,
                 int32_t *restrict pixel)
{
    const float *m = v->turn, start = v->start, most = v->most, full = v->full;
    const float per_length = v->per_length, at_least = v->at_least, half_depth = v->half_depth;
    const double box = v->box, inverse_box = v->inverse_box;
    const int32_t bins = v->bins;
    float d[3 * BLOCK];
    for (int64_t j = 0; j < 3 * n; j++) {
        double x = r[j] - v->centre[j];
        if (periodic)
            x -= box * rint(x * inverse_box);
        d[j] = (float)x;
    }
    int32_t left = 0;
    for (int64_t i = 0; i < n; i++) {
        const float x = d[3 * i], y = d[3 * i + 1], z = d[3 * i + 2];
        const float s = m[0] * x + m[1] * y + m[2] * z + start;
        const float t = m[3] * x + m[4] * y + m[5] * z + start;
        const float unsure = per_length * (fabsf(x) + fabsf(y) + fabsf(z)) + at_least;
        const float a = fabsf(s - rintf(s)), b = fabsf(t - rintf(t)), further = s > t ? s : t;
        float gap = a < b ? a : b;
        int inside = (s >= 0) & (s < most) & (t >= 0) & (t < most);
        if (deep) {
            const float depth = fabsf(m[6] * x + m[7] * y + m[8] * z);
            const float c = fabsf(depth - half_depth) - FLT_EPSILON * half_depth;
            gap = c < gap ? c : gap;
            inside &= depth <= half_depth;
        }
        const int sure = (gap >= unsure) & !(inside & (further >= full));
        const int32_t index = (int32_t)(inside ? t : 0.0f) * bins + (int32_t)(inside ? s : 0.0f);
        pixel[i] = sure ? (inside ? index : -1) : UNSURE;
        left |= !sure;
    }
    return left;
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

/* Let the edges themselves decide the cells of a block that are left, or all of them. */
static void settle(const struct grid *g, const double *r, int64_t n, int all, int32_t *pixel)
{
    const double scale = (double)g->bins / (g->edges[g->bins] - g->edges[0]);
    for (int64_t i = 0; i < n; i++) {
        double d[3];
        if (!all && pixel[i] != UNSURE)
            continue;
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

/* Temperature (K) and entropy (keV cm^2) of a block; see skyloom/arms/tng/gas.py for the formulae.
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

#include "deposit.h"

/* Add n cells from `start` on to the sums; n, and usually lanes, are constants. */
INLINE void add_block(const struct grid *g, const struct view *v, const struct cells *cells,
                      const struct sums *s, int64_t lanes, int64_t start, int64_t n, double *shares,
                      double *sums, int64_t *counts)
{
    double r[3 * BLOCK], buffer[MOST_FIELDS][BLOCK];
    double kelvin[BLOCK], entropy[BLOCK], radius[BLOCK], density[BLOCK], per_radius[BLOCK];
    double weight[BLOCK * VECTOR] __attribute__((aligned(sizeof(vector))));
    int32_t pixel[BLOCK];
    const double *f[MOST_FIELDS], *value[MOST_LANES], *factor[MOST_LANES];
    const struct thermodynamics *t = cells->thermodynamics;
    const int64_t fields = t ? (isnan(t->star_forming_kelvin) ? STAR_FORMATION : FIELDS)
                             : s->channels + 1;
    const int kind = 2 * (g->box > 0) + !isinf(g->half_depth);
    fetch(cells, fields, start + AHEAD);
    const double *places = load(r, &cells->coordinates, 3 * start, 3 * n);
    const int points = !cells->density.data;
    const int left = !points     ? 0
                     : kind == 0 ? place(v, places, n, 0, 0, pixel)
                     : kind == 1 ? place(v, places, n, 0, 1, pixel)
                     : kind == 2 ? place(v, places, n, 1, 0, pixel)
                                 : place(v, places, n, 1, 1, pixel);
    if (points && (left || !g->even))
        settle(g, places, n, !g->even, pixel);
    for (int64_t k = 0; k < fields; k++)
        f[k] = cells->fields[k].data ? load(buffer[k], &cells->fields[k], start, n) : one;
    if (t)
        heat(t, f, n, kelvin, entropy, counts);
    for (int64_t c = 0; c < lanes; c++) {
        value[c] = c == s->count_lane ? one : c == s->mass_lane ? f[MASS] : none;
        factor[c] = one;
        if (c >= s->channels)
            continue;
        value[c] = !t ? f[c + 1] : c == 0 ? entropy : c == 1 ? f[MASS] : kelvin;
        if (s->statistic[c] == MASS_WEIGHTED_MEAN)
            factor[c] = f[MASS];
    }
    if (!points)
        size(f[MASS], load(density, &cells->density, start, n), n, radius, per_radius,
             counts + 1);
    for (int64_t c = 0; c < lanes; c += VECTOR) {
        weigh(value + c, factor + c, n, weight);
        if (points)
            add(pixel, n, weight, lanes, sums + c);
        else
            spread(g, places, radius, per_radius, n, weight, lanes, shares, sums + c);
    }
}

/* Add the cells from `first` to `last` to the sums (bins, bins, lanes), aligned to a vector, which
 * are zeroed here. counts: cells whose electron abundance took the floor; those that make no sense. */
WIDEST
void accumulate(const struct grid *g, const struct cells *cells, const struct sums *s,
                int64_t first, int64_t last, double *sums, int64_t *counts)
{
    struct view view;
    double shares[cells->density.data ? 2 * (g->bins + 1) : 1];
    const int64_t whole = first + (last - first) / BLOCK * BLOCK;
    look(g, &view);
    memset(sums, 0, g->bins * g->bins * s->lanes * sizeof(double));
    if (s->lanes == VECTOR)
        for (int64_t start = first; start < whole; start += BLOCK)
            add_block(g, &view, cells, s, VECTOR, start, BLOCK, shares, sums, counts);
    else
        for (int64_t start = first; start < whole; start += BLOCK)
            add_block(g, &view, cells, s, s->lanes, start, BLOCK, shares, sums, counts);
    if (whole < last)
        add_block(g, &view, cells, s, s->lanes, whole, last - whole, shares, sums,
                  counts);
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
