"""The four parts of a data set and their purposes."""

MODEL_TRAIN = "model_train"
PROBE_PARTS = ("probe_fit", "probe_test")
PARTS = (MODEL_TRAIN, "classifier_train", *PROBE_PARTS)
PURPOSES = {
    MODEL_TRAIN: "trains the generative models",
    "classifier_train": "trains the attribute classifiers of the intervention check",
    "probe_fit": "fits bin edges and probes, and chooses the dimension of each claim",
    "probe_test": "scores everything that was chosen elsewhere",
}
