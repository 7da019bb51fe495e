# What the rules of the sdss arm share: names, paths and input functions.
import configuration_sdss
from skyloom.arms.sdss import architectures

SDSS = config["sdss"]
SDSS_DIR = f"results/{RUN}/sdss"
SDSS_SYNTHETIC = SDSS["source"] == "synthetic"
SDSS_SPECTRA = (
    f"{SDSS_DIR}/archive/spectra"
    if SDSS["source"] != "local"
    else os.path.expanduser(SDSS["spectra"] or "sdss.spectra")
)
# Our own archive's table, the user's, or none.
SDSS_CATALOGUE = [os.path.expanduser(SDSS["catalogue"])] if SDSS["catalogue"] else []
SDSS_KERNEL = "results/kernels/polyline.so"
SDSS_BLOCKS = range(SDSS["blocks"])
SDSS_MODELS = configuration_sdss.models(SDSS)
SDSS_NETWORKS = {
    name: architectures.network(name, keys)
    for name, keys in sorted(SDSS["networks"].items())
}
# What sdss_predict classifies, and with what; the arm's own spectra where nothing is named.
SDSS_UNKNOWN = os.path.expanduser(SDSS["prediction"]["spectra"] or SDSS_SPECTRA)
SDSS_ANSWERS = prediction_folder("sdss", SDSS_UNKNOWN)


wildcard_constraints:
    block=r"\d+",


def sdss_network(model):
    """The entry of a model's network."""
    return SDSS_NETWORKS[configuration_sdss.parts(model)[0]]


def sdss_weights(network):
    """The file of a pretrained network's weights, where it needs one."""
    chosen = SDSS_NETWORKS[network].weights
    if chosen == "imagenet":
        return {
            "weights": f"{DOWNLOADS}/weights/{SDSS_NETWORKS[network].architecture}.h5"
        }
    return (
        {"weights": os.path.expanduser(chosen)}
        if chosen not in (None, "random")
        else {}
    )


def sdss_training_inputs(wildcards):
    """What a network learns from: its dataset, with stored features where it is frozen."""
    network, split = configuration_sdss.parts(wildcards.model)
    entry = SDSS_NETWORKS[network]
    files = {
        "dataset": f"{SDSS_DIR}/datasets/{entry.variant}.h5",
        "split": f"{SDSS_DIR}/splits/{split}.ecsv",
    }
    if entry.frozen:
        files["features"] = f"{SDSS_DIR}/features/{network}.h5"
    return files | sdss_weights(network)
