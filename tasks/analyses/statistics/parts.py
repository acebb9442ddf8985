"""The four parts of a data set and their purposes."""

PARTS = ("model_train", "classifier_train", "probe_fit", "probe_test")
PURPOSES = {
    "model_train": "trains the generative models",
    "classifier_train": "trains the attribute classifiers of the intervention check",
    "probe_fit": "fits bin edges and probes, and chooses the dimension of each claim",
    "probe_test": "scores everything that was chosen elsewhere",
}
