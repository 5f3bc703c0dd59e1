// Everything that the binary carries with it: the standard library's sources and the embedded data sets.
#include "stdlib_nns.h"

#define BYTES(variable) static const unsigned char variable[]
#define FILE_ENTRY(name, variable) {name, variable, sizeof variable}

BYTES(arguments_nns) = {
#embed "arguments.nns"
};
BYTES(layers_nns) = {
#embed "layers.nns"
};
BYTES(sequences_nns) = {
#embed "sequences.nns"
};
BYTES(penalties_nns) = {
#embed "penalties.nns"
};
BYTES(optimizers_nns) = {
#embed "optimizers.nns"
};
BYTES(schedules_nns) = {
#embed "schedules.nns"
};
BYTES(explain_nns) = {
#embed "explain.nns"
};
BYTES(topics_gradients_nns) = {
#embed "topics_gradients.nns"
};
BYTES(topics_regularization_nns) = {
#embed "topics_regularization.nns"
};
BYTES(topics_augmentation_nns) = {
#embed "topics_augmentation.nns"
};
BYTES(topics_regularizers_nns) = {
#embed "topics_regularizers.nns"
};
BYTES(topics_convolution_nns) = {
#embed "topics_convolution.nns"
};
BYTES(training_nns) = {
#embed "training.nns"
};
BYTES(metrics_nns) = {
#embed "metrics.nns"
};
BYTES(data_nns) = {
#embed "data.nns"
};
BYTES(datasets_nns) = {
#embed "datasets.nns"
};
BYTES(ensembles_nns) = {
#embed "ensembles.nns"
};
BYTES(submodels_nns) = {
#embed "submodels.nns"
};
BYTES(text_nns) = {
#embed "text.nns"
};
BYTES(thesaurus_nns) = {
#embed "thesaurus.nns"
};
BYTES(translation_nns) = {
#embed "translation.nns"
};
BYTES(phrases_nns) = {
#embed "phrases.nns"
};
BYTES(consistency_nns) = {
#embed "consistency.nns"
};
BYTES(images_nns) = {
#embed "images.nns"
};
BYTES(augmentation_nns) = {
#embed "augmentation.nns"
};
BYTES(policies_nns) = {
#embed "policies.nns"
};
BYTES(digits_csv_gz) = {
#embed "data/digits.csv.gz"
};
BYTES(iris_csv) = {
#embed "data/iris.csv"
};

static const nns_embedded_file files[] = {
    FILE_ENTRY("arguments.nns", arguments_nns),
    FILE_ENTRY("layers.nns", layers_nns),
    FILE_ENTRY("sequences.nns", sequences_nns),
    FILE_ENTRY("penalties.nns", penalties_nns),
    FILE_ENTRY("optimizers.nns", optimizers_nns),
    FILE_ENTRY("schedules.nns", schedules_nns),
    FILE_ENTRY("explain.nns", explain_nns),
    FILE_ENTRY("topics_gradients.nns", topics_gradients_nns),
    FILE_ENTRY("topics_regularization.nns", topics_regularization_nns),
    FILE_ENTRY("topics_augmentation.nns", topics_augmentation_nns),
    FILE_ENTRY("topics_regularizers.nns", topics_regularizers_nns),
    FILE_ENTRY("topics_convolution.nns", topics_convolution_nns),
    FILE_ENTRY("training.nns", training_nns),
    FILE_ENTRY("metrics.nns", metrics_nns),
    FILE_ENTRY("data.nns", data_nns),
    FILE_ENTRY("datasets.nns", datasets_nns),
    FILE_ENTRY("ensembles.nns", ensembles_nns),
    FILE_ENTRY("submodels.nns", submodels_nns),
    FILE_ENTRY("text.nns", text_nns),
    FILE_ENTRY("thesaurus.nns", thesaurus_nns),
    FILE_ENTRY("translation.nns", translation_nns),
    FILE_ENTRY("phrases.nns", phrases_nns),
    FILE_ENTRY("consistency.nns", consistency_nns),
    FILE_ENTRY("images.nns", images_nns),
    FILE_ENTRY("augmentation.nns", augmentation_nns),
    FILE_ENTRY("policies.nns", policies_nns),
    FILE_ENTRY("digits.csv.gz", digits_csv_gz),
    FILE_ENTRY("iris.csv", iris_csv),
};

const nns_embedded_file *nns_embedded_files(unsigned long *count) {
    *count = sizeof files / sizeof files[0];
    return files;
}
