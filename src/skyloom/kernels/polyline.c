/* Draw curves y(x) as anti-aliased lines of some width, dark on white.
 *
 * A line of radius r is the union of all discs of that radius about the points of the curve. Where
 * the curve is a function of x, every vertical cut through that union is one interval: as the disc
 * moves along the curve its cut moves without a gap. The interval's ends are the curve's dilation
 * and erosion by a disc (grey-scale morphology),
 *     bottom(s) = max over |t - s| <= r of y(t) + sqrt(r^2 - (t - s)^2),
 *     top(s)    = min over |t - s| <= r of y(t) - sqrt(r^2 - (t - s)^2),
 * so overlaps are counted once by construction, however often the curve turns within a pixel.
 *
 * Each column of pixels is cut SAMPLES times; the length of each cut within a pixel is exact to
 * 1/256. Points of the curve between two cuts are taken together, as the range of y between them.
 * The work is thus a pass over the points and some passes over the cuts, whatever the curve does.
 *
 * Nothing is allocated here. Sums are integers and no multiply-add is fused (see the flags), so an
 * image has the same bytes on every processor.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

/* One binary for every processor of a kind; the loader picks the widest vectors there are. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && __GNUC__ >= 12 \
    && !defined(PLAIN)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif
#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

/* The loop's reads and writes do not meet: too many arrays for the compiler to check. */
#if defined(__GNUC__) && !defined(__clang__)
#define INDEPENDENT _Pragma("GCC ivdep")
#else
#define INDEPENDENT
#endif

#define SAMPLES 16     /* cuts a column; SAMPLES * UNIT must fit 16 bits */
#define UNIT 256       /* parts of a pixel's height */
#define STRIP 32       /* columns filled together: their sums stay in the first-level cache */
#define CHUNK 256      /* points placed together */
#define FAR 1e6        /* pixels beyond which a point is as good as infinitely far */

enum type { FLOAT64 = 0, FLOAT32 = 1 };

struct picture {
    int64_t height, width;
    double radius;      /* of the line, in pixels */
    int64_t margin;     /* bins on either side of the picture that its edge columns can see */
};

struct curves {
    int64_t count, points;
    const double *x;    /* (points) each, rising */
    int64_t x_step;     /* numbers from one curve's x to the next: 0 where they share it */
    const void *y;      /* (count, points); what is not finite is left out */
    int32_t type;
    const double *frame; /* (count, 4): x left and right, y bottom and top */
};

/* What a thread works in, for `bins` cuts with the margins. */
struct work {
    float *low, *high;   /* (bins) range of the points' y, downwards from the top, in each bin */
    float *edge;         /* (bins + 1) y where bins meet; NaN where there is no curve */
    float *low_edge, *high_edge; /* (bins + 1) the same; infinities where there is no curve */
    float *top, *bottom; /* (bins) ends of the line in each cut */
    int32_t *from, *to;  /* (bins) the same in units, within the picture */
    int16_t *step;       /* (height + 2, STRIP) change of the coverage from row to row; zeros */
};

/* Places of n points: in bins across, in pixels down. */
INLINE void place(const struct picture *p, const double *frame, const double *x, const void *y,
                  int32_t type, int64_t n, double *restrict across, double *restrict down)
{
    const double per_x = (double)(p->width * SAMPLES) / (frame[1] - frame[0]);
    const double per_y = (double)p->height / (frame[3] - frame[2]);
    const double left = frame[0], top = frame[3], margin = (double)p->margin;
    if (type == FLOAT64)
        for (int64_t i = 0; i < n; i++)
            down[i] = ((const double *)y)[i];
    else
        for (int64_t i = 0; i < n; i++)
            down[i] = ((const float *)y)[i];
    for (int64_t i = 0; i < n; i++) {
        across[i] = (x[i] - left) * per_x + margin;
        const double value = down[i], row = (top - value) * per_y;
        const double near = row > FAR ? FAR : row < -FAR ? -FAR : row;
        down[i] = value - value == 0 ? near : NAN;
    }
}

/* The bin of a place; -1 before the first, `bins` behind the last. */
INLINE int64_t bin(double place, int64_t bins)
{
    const double inside = place < -1 ? -1 : place > (double)bins ? (double)bins : place;
    return (int64_t)(inside + 1) - 1;
}

/* Range of y in every bin that holds a point, and y where the curve passes from bin to bin. */
INLINE void trace(const struct picture *p, const struct curves *c, int64_t which, int64_t bins,
                  const struct work *w)
{
    const double *x = c->x + which * c->x_step, *frame = c->frame + 4 * which;
    const int64_t size = c->type == FLOAT64 ? 8 : 4;
    const char *y = (const char *)c->y + which * c->points * size;
    double across[CHUNK], down[CHUNK], last_place = 0, last = 0, low = 0, high = 0;
    int64_t current = -2;  /* no point yet */
    for (int64_t start = 0; start < c->points; start += CHUNK) {
        const int64_t n = c->points - start < CHUNK ? c->points - start : CHUNK;
        place(p, frame, x + start, y + start * size, c->type, n, across, down);
        for (int64_t i = 0; i < n; i++) {
            const double here = down[i];
            if (!(here == here))
                continue;
            const int64_t at = bin(across[i], bins);
            if (at == current) {
                low = here < low ? here : low;
                high = here > high ? here : high;
            } else {
                if (current >= 0 && current < bins) {
                    w->low[current] = (float)low;
                    w->high[current] = (float)high;
                }
                if (current > -2) {
                    const double slope = (here - last) / (across[i] - last_place);
                    for (int64_t k = current + 1; k <= at; k++)
                        w->edge[k] = (float)(last + slope * ((double)k - last_place));
                }
                low = high = here;
                current = at;
            }
            last_place = across[i];
            last = here;
        }
    }
    if (current >= 0 && current < bins) {
        w->low[current] = (float)low;
        w->high[current] = (float)high;
    }
}

#define LESS(a, b) ((a) < (b) ? (a) : (b))
#define MORE(a, b) ((a) > (b) ? (a) : (b))

/* Dilation and erosion by a disc. Where bins meet the curve counts by its own distance, so that
 * straight lines have their width; points within a bin that are beyond its edges' y count by the
 * distance of its middle, for all bins whose middle is in the disc. Where the disc ends within a bin, y there is taken on the straight
 * line between the bin's edges, so that steep lines have their width too. NaN is less and more
 * than nothing. */
INLINE void widen(const struct picture *p, int64_t bins, const struct work *w)
{
    const double reach = p->radius * SAMPLES, square = p->radius * p->radius;
    const int64_t first = p->margin, last = bins - p->margin;
    const float *restrict edge = w->edge;
    float *restrict low = w->low, *restrict high = w->high;
    float *restrict low_edge = w->low_edge, *restrict high_edge = w->high_edge;
    float *restrict top = w->top, *restrict bottom = w->bottom;
    for (int64_t j = 0; j <= bins; j++) {
        low_edge[j] = LESS(edge[j], INFINITY);
        high_edge[j] = MORE(edge[j], -INFINITY);
    }
    for (int64_t j = 0; j < bins; j++) {
        low[j] = low[j] < LESS(low_edge[j], low_edge[j + 1]) ? low[j] : INFINITY;
        high[j] = high[j] > MORE(high_edge[j], high_edge[j + 1]) ? high[j] : -INFINITY;
    }
    /* The disc of cut j ends at j + 1/2 +- reach. */
    const int64_t right = (int64_t)(0.5 + reach), left = -(int64_t)ceil(reach - 0.5);
    const float part = (float)(0.5 + reach - (double)right), rest = 1 - part;
    for (int64_t j = first; j < last; j++) {
        const float a = edge[j + right] * rest + edge[j + right + 1] * part;
        const float b = edge[j + left] * part + edge[j + left + 1] * rest;
        const float l = LESS(a, INFINITY), h = MORE(a, -INFINITY);
        top[j] = LESS(b, l);
        bottom[j] = MORE(b, h);
    }
    for (int64_t k = 0; (double)k < reach; k++) {
        const double off = (double)k / SAMPLES, next = ((double)k + 0.5) / SAMPLES;
        const float rise = (float)sqrt(square - off * off);
        /* The last edge may lie beyond the disc. */
        const float edge_rise = square >= next * next ? (float)sqrt(square - next * next) : -INFINITY;
        INDEPENDENT
        for (int64_t j = first; j < last; j++) {
            const float l = LESS(low[j - k], low[j + k]) - rise;
            const float h = MORE(high[j - k], high[j + k]) + rise;
            const float m = LESS(low_edge[j - k], low_edge[j + k + 1]) - edge_rise;
            const float i = MORE(high_edge[j - k], high_edge[j + k + 1]) + edge_rise;
            const float t = LESS(l, m), b = MORE(h, i);
            top[j] = LESS(t, top[j]);
            bottom[j] = MORE(b, bottom[j]);
        }
    }
    const float height = (float)p->height;
    for (int64_t j = first; j < last; j++) {
        const float t = top[j] < 0 ? 0 : top[j] > height ? height : top[j];
        const float b = bottom[j] < 0 ? 0 : bottom[j] > height ? height : bottom[j];
        w->from[j] = (int32_t)(t * UNIT + 0.5f);
        w->to[j] = (int32_t)(b * UNIT + 0.5f);
    }
}

/* Fill `columns` columns from their cuts: steps of the coverage, then their sums downwards. */
INLINE void fill(const struct picture *p, const int32_t *from, const int32_t *to, int64_t columns,
                 int16_t *restrict step, uint8_t *restrict out)
{
    int64_t first = p->height, last = -1;
    for (int64_t c = 0; c < columns; c++)
        for (int64_t s = c * SAMPLES; s < (c + 1) * SAMPLES; s++) {
            if (to[s] <= from[s])
                continue;
            const int32_t a = from[s] / UNIT, b = to[s] / UNIT;
            const int16_t within = (int16_t)(from[s] % UNIT), end = (int16_t)(to[s] % UNIT);
            step[a * STRIP + c] += UNIT - within;
            step[(a + 1) * STRIP + c] += within;
            step[b * STRIP + c] -= UNIT - end;
            step[(b + 1) * STRIP + c] -= end;
            first = a < first ? a : first;
            last = b > last ? b : last;
        }
    int16_t covered[STRIP] = {0};
    uint8_t shade[STRIP];
    for (int64_t row = first; row < last + 2; row++) {
        int16_t *here = step + row * STRIP;
        for (int64_t c = 0; c < STRIP; c++) {
            covered[c] += here[c];
            here[c] = 0;
            const uint32_t ink = ((uint32_t)covered[c] * 255 + SAMPLES * UNIT / 2);
            shade[c] = (uint8_t)(255 - ink / (SAMPLES * UNIT));
        }
        if (row < p->height)
            memcpy(out + row * p->width, shade, columns);
    }
}

/* Draw the curves: out (count, height, width), 255 where there is no line, 0 where it covers. */
WIDEST
void rasterise(const struct picture *p, const struct curves *c, const struct work *w, uint8_t *out)
{
    const int64_t bins = p->width * SAMPLES + 2 * p->margin, pixels = p->height * p->width;
    memset(out, 255, c->count * pixels);
    memset(w->step, 0, (p->height + 2) * STRIP * sizeof *w->step);
    for (int64_t which = 0; which < c->count; which++, out += pixels) {
        for (int64_t j = 0; j < bins; j++) {
            w->low[j] = INFINITY;
            w->high[j] = -INFINITY;
            w->edge[j] = NAN;
        }
        w->edge[bins] = NAN;
        trace(p, c, which, bins, w);
        widen(p, bins, w);
        for (int64_t column = 0; column < p->width; column += STRIP) {
            const int64_t left = p->width - column, columns = left < STRIP ? left : STRIP;
            const int64_t j = p->margin + column * SAMPLES;
            fill(p, w->from + j, w->to + j, columns, w->step, out + column);
        }
    }
}
