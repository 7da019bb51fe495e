# The targets of every arm: all of it, one dataset, one network.
for _arm in ARM_RESULTS:

    rule:
        """Every dataset, network, table and figure of one arm."""
        name:
            _arm
        input:
            ARM_RESULTS[_arm],
        localrule: True


for _arm, _dataset in DATASETS:

    rule:
        """One dataset and only what it needs."""
        name:
            f"{_arm}_{_dataset}"
        input:
            f"results/{RUN}/{_arm}/datasets/{_dataset}.h5",
        localrule: True


for _arm, _model in MODELS:

    rule:
        """One network, trained."""
        name:
            f"{_arm}_{_model}_model"
        input:
            f"results/{RUN}/{_arm}/models/{_model}/model.keras",
        localrule: True
