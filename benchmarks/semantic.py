"""The semantic arm: training, synthetic images and parameters of images, beside Keras and astropy.

Every way has a process of its own, in turn; images are synthetic. Training: an epoch of ours
beside one of ``model.fit`` on the same encoder and decoder, batches of 20, arrays in memory, at the
best of its settings tried (1 or 16 steps a call, XLA); ours gives the same bits
on any number of cores, ``fit`` does not. Narrow networks have one thread, as in the workflow, which
trains two of them at a time; ``fit`` has all cores. Images: ours beside astropy's Sérsic profile of
n = 1, its function called for each image (model objects cost five times as much); integrated
pixels beside means of ten points a side of a pixel.
Parameters: encoders with random weights (the speed does not depend on them) beside least squares in
one process, ours and astropy's, with the same free parameters and limits, from the same moments;
ours goes on from templates where that failed, and to 1e-12 where astropy stops at its usual 1e-7.
"""

import json
import os
import subprocess
import sys
import time
from functools import partial

import numpy as np
from tools import seconds, table

THREADS, BATCH, ROUNDS, SEED = 2, 20, 2, 7
#: Steps a call of ``model.fit``, and whether XLA compiles them: the fastest is its rate.
SETTINGS = ((1, False), (16, False), (16, True))
#: Networks of config/config.yaml, and images of an epoch that is timed.
NETWORKS = {
    "full": ({"convolutions": [32, 32, 64, 64, 128, 128], "dense": [64, 32]}, 320),
    "small_16": ({"convolutions": [8, 8, 16, 16, 32, 32], "dense": [16, 8]}, 1280),
    "small_64": ({"convolutions": [4, 4, 8, 8, 16, 16], "dense": [8, 4]}, 2560),
}
PRECISIONS = ("float32", "bfloat16")
_SHAPE = {"ellipticity": [0.2, 0.8], "angle": [0, 180]}
#: Scales of 0.3 to 1.6 pixels, and ten times as large.
SMALL = {"decoder": "exponential", "parameters": {"scale": [0.01, 0.05], **_SHAPE}}
WIDE = {"decoder": "exponential", "parameters": {"scale": [0.1, 0.5], **_SHAPE}}
#: Profile and noise of the images that are fitted, and how many.
FITTED = {"small": (SMALL, 0.0), "wide, noise 0.05": (WIDE, 0.05)}
FITS = 40
#: Images that we make in a round, and that astropy does; points a side of its pixels.
MADE = {"centre": (2000, 200), "integrated": (200, 8)}
FACTOR = 10
#: Images and epochs of the published trainings, without noise and with it.
RUNS, EPOCHS = (9000, 27000), 500


def drawn(profile, count, *, sampling="centre", noise=0.0):
    """Parameters by name, (count,) each; their images, (count, 64, 64); the grid."""
    from skyloom.arms.semantic import generation
    from skyloom.arms.semantic.sampling import Grid

    random, grid = np.random.default_rng(SEED), Grid(64, sampling, 8)
    values = generation.draw(profile, count, random)
    return values, generation.images(profile, values, grid, noise=noise, random=random), grid


def encoder(name, precision="float32"):
    """A network of the semantic arm with random weights."""
    from skyloom.arms.semantic import encoder, experiments

    layer = experiments.Encoder().layer(SMALL)
    return encoder.build((64, 64, 1), layer, **NETWORKS[name][0], precision=precision)


def decoder():
    """The decoder of the small profile."""
    from skyloom.arms.semantic.decoder import ProfileDecoder

    return ProfileDecoder(SMALL, {"pixels": 64})


def epochs(start, count):
    """Images a second of ``start(precision)``'s calls, for each precision, after a first call."""
    found = {}
    for precision in PRECISIONS:
        work = start(precision)
        work()
        found[precision] = count / seconds({"work": work}, ROUNDS)["work"]
    return found


def skyloom_training(name):
    """An epoch as a step does it, with a validation side of one batch."""
    from skyloom.arms.semantic import training as semantic_training
    from skyloom.learn import batches, training
    from skyloom.learn.threads import threads_of

    described, count = NETWORKS[name]
    training.settle(inside=threads_of(described["convolutions"]))
    values, images, _ = drawn(SMALL, count)
    truth, rows = np.stack(list(values.values()), axis=1), np.arange(count)

    def start(precision):
        settings = semantic_training.Settings(epochs=ROUNDS + 1, precision=precision)
        samples, network = batches.from_array(images[..., None]), encoder(name, precision)
        sides = {"train": rows, "validation": rows[:BATCH]}
        task = semantic_training.task(decoder(), samples, truth, **sides, settings=settings)
        run, steps = (
            training._Run(training.Learner(network, task), SEED),
            iter(range(1, ROUNDS + 2)),
        )
        return lambda: run.advance(next(steps))

    return epochs(start, count)


def keras_training(name, steps=1, xla=False):
    """An epoch of ``model.fit``, TensorFlow choosing its threads; so many steps a call."""
    import keras

    count = NETWORKS[name][1]
    images = drawn(SMALL, count)[1][..., None]

    def start(precision):
        network = encoder(name, precision)
        model = keras.Model(network.input, decoder()(network.output))
        model.compile(
            keras.optimizers.Adadelta(1.0, rho=0.95),
            "mean_absolute_error",
            steps_per_execution=steps,
            jit_compile=xla,
        )
        return lambda: model.fit(images, images, batch_size=BATCH, verbose=0)

    return epochs(start, count)


#: Half of the light of a Sérsic profile of n = 1 is within so many scales.
HALF_LIGHT = 1.6783469900166612


def sersic(values):
    """Our exponential disc of I0 = 1 as astropy's model of a Sérsic profile."""
    from astropy.modeling.models import Sersic2D

    return Sersic2D(
        amplitude=np.exp(-HALF_LIGHT),
        r_eff=values["scale"][0] * HALF_LIGHT,
        n=1,
        x_0=0.0,
        y_0=0.0,
        ellip=values["ellipticity"][0],
        theta=-np.deg2rad(values["angle"][0]),
    )


def sersic_image(values, row, x, y):
    """The same of one row, at these places, without a model's objects."""
    from astropy.modeling.models import Sersic2D

    size, angle = values["scale"][row] * HALF_LIGHT, -np.deg2rad(values["angle"][row])
    light = np.exp(-HALF_LIGHT)
    return Sersic2D.evaluate(x, y, light, size, 1, 0, 0, values["ellipticity"][row], angle)


def _points(grid, factor):
    """Middles of the parts, `factor` a pixel, of one side of a grid."""
    inside = (np.arange(factor) + 0.5) / factor - 0.5
    return (grid.centres[:, None] + inside * grid.width).ravel()


def generated(sampling):
    """Images a second of ours on one and two threads and of astropy; largest errors of both."""
    from skyloom import prefetch
    from skyloom.arms.semantic import generation, profiles
    from skyloom.arms.semantic.sampling import Grid

    (many, few), exact = MADE[sampling], Grid(64, sampling, 32)
    values, _, grid = drawn(SMALL, many, sampling=sampling)
    pool = prefetch.Pool(THREADS)

    def ours(rows=slice(None)):
        some = {name: value[rows] for name, value in values.items()}
        return generation.images(SMALL, some, grid)

    def parts():
        return list(prefetch.in_order(pool, ours, (slice(n, None, 4) for n in range(4))))

    def theirs():
        """The profile's own function for each image: model objects cost five times as much."""
        factor = FACTOR if sampling == "integrated" else 1
        fine = np.meshgrid(*[_points(grid, factor)] * 2)
        images = [sersic_image(values, row, *fine) for row in range(few)]
        shape = grid.pixels, factor
        return np.stack([image.reshape(*shape, *shape).mean(axis=(1, 3)) for image in images])

    some = {name: value[:few] for name, value in values.items()}
    truth = profiles.evaluate("exponential", some, exact)
    errors = {"ours": np.abs(ours()[:few] - truth).max(), "peer": np.abs(theirs() - truth).max()}
    if sampling == "centre":
        assert max(errors.values()) < 1e-6, errors
    times = seconds({"one": ours, "two": parts, "peer": theirs}, 3)
    rates = {way: (few if way == "peer" else many) / spent for way, spent in times.items()}
    return rates | {f"{way}_error": float(error) for way, error in errors.items()}


def asked(name):
    """Images a second of an encoder, batches of 1,000, two threads."""
    from skyloom.arms.semantic import speed
    from skyloom.learn import devices

    devices.use_threads(THREADS)
    network, images = encoder(name), drawn(SMALL, speed.BATCH)[1][..., None]
    return speed.of_encoder(network.predict_on_batch, images, batch=speed.BATCH, seconds=1.5)[0]


def fitted(case):
    """Images a second of both fits, and the share of images each of them fits as well as any."""
    from skyloom.arms.semantic import initial_guesses, least_squares

    profile, noise = FITTED[case]
    _, images, grid = drawn(profile, FITS, noise=noise)
    problem = least_squares.Problem.of(profile, {"pixels": grid.pixels})
    _ = problem.bank
    ways = {
        "ours": lambda image: least_squares.fit_image(problem, image, noise=noise).values,
        "ours, first start": lambda image: (
            least_squares.fit_image(problem, image, noise=noise, starts=1).values
        ),
        "astropy": lambda image: astropy_fit(
            problem, image, next(initial_guesses.starting_points(problem, image, 1))
        ),
    }
    found, rates = {way: [] for way in ways}, {}
    for way, fit in ways.items():
        fit(images[0])
        begun = time.perf_counter()
        found[way] = [fit(image.astype(np.float64)) for image in images]
        rates[way] = FITS / (time.perf_counter() - begun)
    left = np.array([_squares(problem, values, images) for values in found.values()])
    # Pixels are single precision: below this sum of squares an image is fitted.
    good = left <= 1.01 * left.min(axis=0) + 1e-8
    return {
        way: (rates[way], float(share)) for way, share in zip(ways, good.mean(axis=1), strict=True)
    }


def _squares(problem, fits, images):
    """Sum of squared differences of each image and its fit."""
    pairs = zip(fits, images, strict=True)
    return [np.sum((problem.image(values) - image) ** 2) for values, image in pairs]


def astropy_fit(problem, image, start):
    """The same fit by astropy: free scale, ellipticity and angle within the same limits."""
    import warnings

    from astropy.modeling.fitting import TRFLSQFitter

    values = {name: [value] for name, value in zip(problem.names, start, strict=True)}
    model = sersic(values)
    for name in ("amplitude", "n", "x_0", "y_0"):
        model.fixed[name] = True
    limits = dict(zip(problem.names, problem.limits.T, strict=True))
    scale = model.r_eff.value / values["scale"][0]
    model.r_eff.bounds = tuple(scale * limits["scale"])
    model.ellip.bounds = tuple(limits["ellipticity"])
    across = np.meshgrid(problem.grid.centres, problem.grid.centres)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = TRFLSQFitter()(model, *across, image)
    return [made.r_eff.value / scale, made.ellip.value, -np.rad2deg(made.theta.value)]


WAYS = {
    "skyloom training": skyloom_training,
    **{
        f"model.fit, {steps} steps a call{', XLA' * xla}": partial(
            keras_training, steps=steps, xla=xla
        )
        for steps, xla in SETTINGS
    },
    "images": generated,
    "encoder": asked,
    "fits": fitted,
}


def _measured(way, name):
    """What a way gives, in a process of its own; linear algebra of fits on one thread."""
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if way == "fits" else {}
    done = subprocess.run(
        [sys.executable, __file__, way, name],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **one},
    )
    return json.loads(done.stdout.splitlines()[-1])


def trained():
    """Rates of training, and what whole published runs would take at them."""
    from skyloom.learn.threads import threads_of

    figures, rows, whole = {}, [], []
    for name, (described, _) in NETWORKS.items():
        threads = threads_of(described["convolutions"])
        ours = _measured("skyloom training", name)
        fits = {way: _measured(way, name) for way in WAYS if way.startswith("model.fit")}
        theirs = {kind: max((fits[way][kind], way) for way in fits) for kind in PRECISIONS}
        for precision in PRECISIONS:
            rate, (other, way) = ours[precision], theirs[precision]
            key = f"semantic_{name}_{precision}"
            figures |= {f"{key}_training_per_s": rate, f"{key}_vs_keras": rate / other}
            cells = f"{rate:.0f}", way, f"{other:.0f}", f"{rate / other:.2f}"
            rows.append([name, precision, threads, *cells, f"{rate / theirs['float32'][0]:.2f}"])
            spent = [count * EPOCHS / some for count in RUNS for some in (rate, other)]
            whole.append([name, precision, *(f"{value:,.0f}" for value in spent)])
            figures[f"{key}_whole_run_projected_s"] = spent[0]
    header = ["network", "precision", "our threads", "ours, images/s"]
    header += ["fit's best setting", "images/s", "ratio", "to fit in float32"]
    title = f"Training, images/s in batches of {BATCH} of 64 x 64 pixels"
    ways = [f"{count:,} images, {way}" for count in RUNS for way in ("ours", "model.fit")]
    projected = f"A whole run of {EPOCHS} epochs, seconds, projected: images x epochs / rate"
    tables = [
        table(title, header, rows),
        table(projected, ["network", "precision", *ways], whole),
    ]
    return figures, tables


def made():
    """Rates at which images are made."""
    figures, rows = {}, []
    for sampling in MADE:
        found = _measured("images", sampling)
        one, two, peer = (found[way] for way in ("one", "two", "peer"))
        figures |= {f"semantic_{sampling}_images_per_s": one}
        figures |= {f"semantic_{sampling}_vs_astropy": one / peer}
        rates = f"{one:,.0f}", f"{two:,.0f}", f"{peer:,.1f}", f"{one / peer:.1f}"
        rows.append([sampling, *rates, f"{found['ours_error']:.0e}", f"{found['peer_error']:.0e}"])
    header = ["pixels", "ours, 1 thread", "2 threads", "astropy", "ratio, 1 thread"]
    header += ["our largest error", "astropy's"]
    title = "Synthetic images/s, exponential discs with scales of 0.3 to 1.6 pixels"
    return figures, table(title, header, rows)


def parameters():
    """Rates at which parameters come from images."""
    figures, rows, peers = {}, [], {}
    for case in FITTED:
        found = _measured("fits", case)
        peers[case] = found["astropy"][0]
        key = f"semantic_fit_{'wide' if 'wide' in case else case}"
        figures |= {f"{key}_per_s": found["ours"][0]}
        figures |= {f"{key}_vs_astropy": found["ours"][0] / peers[case]}
        for way, (rate, share) in found.items():
            name = "astropy TRFLSQFitter" if way == "astropy" else f"least squares, {way}"
            rows.append([f"{name}: {case}", rate, peers[case], f"{share:.0%}"])
    for name in NETWORKS:
        rate = _measured("encoder", name)
        figures |= {f"semantic_{name}_encoder_per_s": rate}
        rows.append([f"encoder {name}, {THREADS} threads", rate, peers["small"], ""])
    rows = [[way, f"{rate:,.0f}", f"{rate / peer:,.1f}", share] for way, rate, peer, share in rows]
    header = ["way", "images/s", "to astropy's", "images fitted as well as by any"]
    return figures, table("Scale, ellipticity and angle from images", header, rows)


def measure(folder):
    """Figures and tables, for `run`."""
    figures, tables = trained()
    for part in (made, parameters):
        found, text = part()
        figures |= found
        tables.append(text)
    return {"figures": figures, "tables": tables}


if __name__ == "__main__":
    print(json.dumps(WAYS[sys.argv[1]](sys.argv[2])))
