/* Share a cell among the pixels that its volume covers.
 *
 * A Voronoi cell is taken for a sphere of its volume, of radius r = (3 m / (4 pi rho))^(1/3). Along
 * any axis a uniform sphere has the density 3/4 (1 - u^2) at u = x / r; a pixel gets the product of
 * what lies between its edges along both axes, and along the line of sight between the limits of
 * the depth. So a cell's centre and its spread along each axis are those of the sphere, its whole
 * mass is shared out, and a cell that lies in one pixel gives it all. */

/* What lies below u: the integral of 3/4 (1 - u^2) from -1. */
INLINE double below(double u)
{
    u = u < -1 ? -1 : u > 1 ? 1 : u;
    return 0.5 + u * (0.75 - 0.25 * u * u);
}

/* Radii of n cells, and one over them; counts cells that have none. */
INLINE void size(const double *restrict mass, const double *restrict density, int64_t n,
                 double *restrict radius, double *restrict per_radius, int64_t *bad)
{
    int64_t none = 0;
    for (int64_t i = 0; i < n; i++) {
        const double volume = mass[i] / density[i] * (3.0 / (4.0 * 3.14159265358979323846));
        const int known = (volume > 0) & (volume <= DBL_MAX);
        const double safe = known ? volume : 1.0;
        /* A cell without mass is a point. */
        radius[i] = known ? safe * inverse_two_thirds(safe) : 0.0;
        per_radius[i] = 1.0 / (radius[i] > DBL_MIN ? radius[i] : DBL_MIN);
        none += !known & !((mass[i] == 0) & (density[i] > 0));
    }
    *bad += none;
}

/* A cell as the picture shows it. */
struct disc {
    double x, y, radius, per_radius;
    vector weight;
};

/* First bin that a cell touches along an axis, and its shares of all that it touches; returns how
 * many. It reaches into the map. */
INLINE int64_t divide_axis(const struct grid *g, double at, const struct disc *c,
                           double *restrict share, int64_t *first)
{
    const double *edges = g->edges, start = edges[0], end = edges[g->bins];
    const double low = at - c->radius, high = at + c->radius;
    const double per = g->even ? 1.0 / (edges[1] - start) : (double)g->bins / (end - start);
    int64_t i = low > start ? (int64_t)((low - start) * per) : 0;
    int64_t last = high < end ? (int64_t)((high - start) * per) : g->bins - 1;
    i = i > g->bins - 1 ? g->bins - 1 : i;
    last = last > g->bins - 1 ? g->bins - 1 : last;
    /* The edges decide: the guess is off by rounding, or by more where bins differ in width. */
    while (i > 0 && low < edges[i])
        i--;
    while (i < g->bins - 1 && low >= edges[i + 1])
        i++;
    while (last > i && high < edges[last])
        last--;
    last = last < i ? i : last;
    while (last < g->bins - 1 && high > edges[last + 1])
        last++;
    *first = i;
    const int64_t n = last - i + 1;
    for (int64_t k = 0; k <= n; k++)
        share[k] = below((edges[i + k] - at) * c->per_radius);
    for (int64_t k = 0; k < n; k++)
        share[k] = share[k + 1] - share[k];
    return n;
}

/* Add a cell of any size to VECTOR lanes. */
INLINE void add_large(const struct grid *g, const struct disc *c, int64_t lanes,
                      double *restrict shares, double *sums)
{
    int64_t column, row;
    double *across = shares, *down = shares + g->bins + 1;
    const int64_t columns = divide_axis(g, c->x, c, across, &column);
    const int64_t rows = divide_axis(g, c->y, c, down, &row);
    for (int64_t j = 0; j < rows; j++) {
        double *at = sums + ((row + j) * g->bins + column) * lanes;
        const vector part = c->weight * down[j];
        for (int64_t i = 0; i < columns; i++, at += lanes)
            *(vector *)at += part * across[i];
    }
}

/* Of even bins, a cell no larger than one touches at most its centre's and those beside it. Their
 * edges are one vector: no branch, which the next cell would take otherwise. */
#define WINDOW 3
typedef int64_t lanes_of_64 __attribute__((vector_size(sizeof(vector))));

INLINE vector choose(lanes_of_64 mask, vector yes, vector no)
{
    return (vector)((mask & (lanes_of_64)yes) | (~mask & (lanes_of_64)no));
}

/* The first of the bins; the shares of the others follow its own. */
INLINE int64_t window(const struct grid *g, double at, double per_bin, double per_radius,
                      vector *share)
{
    const double last = (double)(g->bins - WINDOW);
    const vector one_each = {1, 1, 1, 1};
    double place = (at - g->edges[0]) * per_bin - 1;
    place = place > 0 ? place : 0;
    place = place < last ? place : last;
    const int64_t first = (int64_t)place;
    vector u;
    memcpy(&u, g->edges + first, sizeof u);
    u = (u - at) * per_radius;
    u = choose(u < -1, -one_each, u);
    u = choose(u > 1, one_each, u);
    u = 0.5 + u * (0.75 - 0.25 * u * u);
    const vector next = {u[1], u[2], u[3], u[3]};
    *share = next - u;
    return first;
}

INLINE void add_small(const struct grid *g, double per_bin, const struct disc *c, int64_t lanes,
                      double *sums)
{
    vector across, down;
    const int64_t column = window(g, c->x, per_bin, c->per_radius, &across);
    const int64_t row = window(g, c->y, per_bin, c->per_radius, &down);
    double *at = sums + (row * g->bins + column) * lanes;
    for (int j = 0; j < WINDOW; j++, at += g->bins * lanes) {
        const vector part = c->weight * down[j];
        for (int i = 0; i < WINDOW; i++)
            *(vector *)(at + i * lanes) += part * across[i];
    }
}

/* How all cells of a block are looked at. */
struct lens {
    double start, end;
    double pixel, per_bin;  /* of even bins, if enough of them to lay a window on; else -1 */
};

INLINE void add_disc(const struct grid *g, const struct lens *l, const struct disc *c,
                     int64_t lanes, double *restrict shares, double *sums)
{
    const double low = l->start - c->radius, high = l->end + c->radius;
    /* A place that is no number is in no pixel. */
    if (!((c->x > low) & (c->x < high) & (c->y > low) & (c->y < high)))
        return;
    if (c->radius <= l->pixel)
        add_small(g, l->per_bin, c, lanes, sums);
    else
        add_large(g, c, lanes, shares, sums);
}

/* Share of a cell between the limits of the depth. */
INLINE double within(const struct grid *g, const double *d, double per_radius)
{
    const double z = turn(g->rotation + 6, d);
    return below((g->half_depth - z) * per_radius) - below((-g->half_depth - z) * per_radius);
}

/* A cell at d from the centre. */
INLINE struct disc seen(const struct grid *g, const double *d, double radius, double per_radius,
                        const double *weight)
{
    struct disc c = {turn(g->rotation, d), turn(g->rotation + 3, d), radius, per_radius,
                     *(const vector *)weight};
    if (!isinf(g->half_depth))
        c.weight *= within(g, d, per_radius);
    return c;
}

/* Add n cells at r, each about its nearest image, to VECTOR lanes of the sums; shares: room for
 * 2 (bins + 1) numbers. */
INLINE void spread(const struct grid *g, const double *r, const double *radius,
                   const double *per_radius, int64_t n, const double *weight, int64_t lanes,
                   double *shares, double *sums)
{
    const double side = g->edges[1] - g->edges[0];
    const struct lens l = {g->edges[0], g->edges[g->bins],
                           g->even && g->bins >= WINDOW ? side : -1.0, 1.0 / side};
    double d[3 * BLOCK];
    for (int64_t i = 0; i < n; i++)
        offset(g, r + 3 * i, g->box > 0, d + 3 * i);
    for (int64_t i = 0; i < n; i++) {
        const struct disc c = seen(g, d + 3 * i, radius[i], per_radius[i], weight + VECTOR * i);
        add_disc(g, &l, &c, lanes, shares, sums);
    }
}
