# What the rules of the semantic arm share: names, paths and input functions.
import configuration_semantic
from skyloom.learn.threads import threads_of

SEMANTIC = config["semantic"]
SEMANTIC_DIR = f"results/{RUN}/semantic"
SEMANTIC_MODELS = SEMANTIC["trained"]
SEMANTIC_PUBLISHED = own("resources/published/semantic.yaml")
# One model a dataset is drawn by itself; others stand beside those they differ from in one thing.
SEMANTIC_SHOWN = configuration_semantic.shown(SEMANTIC)
SEMANTIC_ANGLES = configuration_semantic.siblings(SEMANTIC, "angle")
SEMANTIC_SIZES = configuration_semantic.siblings(SEMANTIC, "network")
SEMANTIC_OPTIMIZERS = configuration_semantic.siblings(
    SEMANTIC, "optimizer", "learning_rate", "decay", "rho"
)
SEMANTIC_DATASETS = list(
    dict.fromkeys(SEMANTIC["models"][model]["dataset"] for model in SEMANTIC_MODELS)
)
SEMANTIC_JUDGE = SEMANTIC["galaxies"]["model"]
# The maps that are measured: the tng arm's galaxies at known inclinations, or the user's.
SEMANTIC_GALAXIES = (
    os.path.expanduser(SEMANTIC["galaxies"]["dataset"])
    if SEMANTIC["galaxies"]["dataset"]
    else TNG_INCLINED
)


def semantic_models(name, models):
    """One file of each of these models."""
    return [f"{SEMANTIC_DIR}/models/{model}/{name}" for model in models]


def semantic_dataset(model, suffix=".h5", folder="datasets"):
    """The dataset that a model is trained on, or a table named after it."""
    return f"{SEMANTIC_DIR}/{folder}/{SEMANTIC['models'][model]['dataset']}{suffix}"


def semantic_threads(model):
    """Threads of a model's training: narrow networks are trained side by side."""
    network = SEMANTIC["networks"][SEMANTIC["models"][model]["network"]]
    return threads_of(network["convolutions"])


def semantic_choices():
    """What printed numbers depend on, model by model."""
    return {
        model: configuration_semantic.choices(SEMANTIC, model)
        for model in SEMANTIC_MODELS
    }
