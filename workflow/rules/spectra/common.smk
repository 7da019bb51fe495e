# What the rules of the helium and stellar arms share: names, paths and input functions.
import configuration_spectra

SPECTRA_ARMS = configuration_spectra.ARMS
# Networks of short spectra gain little from a second thread: two of them train side by side instead.
SPECTRA_THREADS = {"helium": 1, "stellar": 2}
SPECTRA_DIR = f"results/{RUN}/{{arm}}"


wildcard_constraints:
    arm="|".join(SPECTRA_ARMS),
    block=r"\d+",


def spectra_folder(arm):
    """The folder of an arm's results."""
    return f"results/{RUN}/{arm}"


def spectra_observed(arm):
    """Observed spectra: the user's, or else those of the simulator; empty where there are none."""
    if named := configuration_spectra.observed(config[arm]):
        return named
    synthetic = config[arm]["source"] == "synthetic"
    return [f"{spectra_folder(arm)}/archive/observed"] if synthetic else []


def spectra_observed_or_say(arm):
    """Observed spectra, or an error that says where to name them."""
    if observed := spectra_observed(arm):
        return observed
    raise WorkflowError(
        f"Configuration: {arm}.observed names no spectra: give a file, a folder or a list of files."
    )


def spectra_blocks(arm, kind):
    """The files of one kind of all blocks, in the order of the grid."""
    name = {
        "spectra": "block_{}.h5",
        "table": "block_{}.ecsv",
        "rejects": "rejects_{}.ecsv",
    }
    blocks = range(config[arm]["blocks"])
    return [f"{spectra_folder(arm)}/grid/{name[kind].format(b)}" for b in blocks]


def spectra_split(arm):
    """The configured split."""
    return f"{spectra_folder(arm)}/splits/{config[arm]['split']['by']}.ecsv"


def spectra_models(arm, file, dataset=None):
    """One file of every trained network, or of those of one dataset."""
    return [
        f"{spectra_folder(arm)}/models/{model}/{file}"
        for model in configuration_spectra.models(config[arm], dataset)
    ]


def spectra_dataset(model):
    """A network's name without its last part is its dataset's."""
    return model.rsplit("_", 1)[0]


def spectra_tables(arm):
    """The tables of an arm's evaluation, by name."""
    names = ["summary", "members", "noise", "calibration", "published"]
    return {name: f"{spectra_folder(arm)}/evaluation/{name}.ecsv" for name in names}


def spectra_results(arm):
    """Everything that an arm builds."""
    folder = spectra_folder(arm)
    datasets = sorted({*config[arm]["trained"]})
    return [
        f"{folder}/inventory.ecsv",
        f"{folder}/rejects.ecsv",
        spectra_split(arm),
        *(f"{folder}/datasets/{dataset}.h5" for dataset in datasets),
        *spectra_models(arm, "model.keras"),
        *spectra_tables(arm).values(),
        *([f"{folder}/observed/predictions.ecsv"] if spectra_observed(arm) else []),
    ]


def spectra_asked(arm):
    """Spectra that <arm>_predict judges: those named, or the observed ones."""
    return configuration_spectra.asked(config[arm]) or spectra_observed_or_say(arm)


def spectra_answers(arm):
    """Where their answers go."""
    named = configuration_spectra.asked(config[arm])
    return prediction_folder(arm, named[0] if named else "observed")
