# What the xmm arm's rules share: names, paths and input functions.
import configuration_xmm

XMM = config["xmm"]
XMM_DIR = f"results/{RUN}/xmm"
XMM_SYNTHETIC = XMM["source"] == "synthetic"
XMM_ARCHIVE = f"{XMM_DIR}/archive"
# The folder of images and the table of observations, the run's own or the user's.
XMM_OWN = XMM["source"] != "local"
XMM_IMAGES = (
    f"{XMM_ARCHIVE}/images"
    if XMM_OWN
    else os.path.expanduser(XMM["images"] or "xmm.images")
)
XMM_OBSERVATIONS = (
    f"{XMM_ARCHIVE}/observations.fits"
    if XMM_OWN
    else os.path.expanduser(XMM["observations"] or "xmm.observations")
)
# Where the wanted observations are listed in a file.
XMM_CHOSEN = XMM["archive"]["observations"]
XMM_CHOSEN_FILE = (
    [os.path.expanduser(XMM_CHOSEN)] if isinstance(XMM_CHOSEN, str) else []
)
XMM_BLOCKS = range(XMM["blocks"])
# What xmm_predict grades, and where its answers go.
XMM_UNKNOWN = os.path.expanduser(XMM["prediction"]["images"] or XMM_IMAGES)
XMM_ANSWERS = prediction_folder("xmm", XMM_UNKNOWN)
XMM_TRAINED = XMM["trained"]
XMM_EXPERIMENTS = XMM["experiments"]
XMM_BOOTSTRAP = {
    "samples": XMM["evaluation"]["bootstrap_samples"],
    "level": XMM["evaluation"]["level"],
}
XMM_DATASETS = sorted(
    {*XMM["datasets"], *(XMM_EXPERIMENTS[name]["dataset"] for name in XMM_TRAINED)}
)
# The network that table 8 and figures 24 to 26 look into.
XMM_FINAL = XMM["evaluation"]["final"]
XMM_TABLES = ["summary", "mistakes", "published"]
# Figure 16 of the document, with the stretches it leaves out.
XMM_SHOWN = configuration_xmm.shown(XMM)


def xmm_rates(rebin):
    """Rebinned rate images of all blocks, in the order of the inventory."""
    return [f"{XMM_DIR}/rates/rebin{rebin}.block_{b}.h5" for b in XMM_BLOCKS]
