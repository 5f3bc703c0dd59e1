// What users of Python, NumPy, PyTorch, Keras, MATLAB and Julia type, and what it is called here. Tables only: the
// messages are made in `NameFaults.swift`.
enum Habits {
    /// Modules whose functions are built in, with what to say where a member has no counterpart.
    static let modules = [
        "np": "array functions are built in: `zeros(3)`, `exp(x)`", "numpy": "array functions are built in: `zeros(3)`, `exp(x)`",
        "jnp": "array functions are built in: `zeros(3)`, `exp(x)`", "jax": "gradients are built in: `grad(f)(x)`",
        "torch": "tensors and gradients are built in: `zeros(3)`, `grad(f)`", "tf": "tensors and gradients are built in: `zeros(3)`, `grad(f)`",
        "nn": "layers are built in: `dense(10)`, `conv(8, 3)`", "keras": "layers are built in: `dense(10)`, `conv(8, 3)`",
        "F": "functions are built in: `relu(x)`, `softmax(x)`", "optim": "optimizers are built in: `sgd(0.1)`, `adam(1e-3)`",
        "math": "functions are built in: `sqrt(x)`, `pi`", "random": "draws are built in: `uniform()`, `normal()`, `choose(xs, k)`",
        "plt": "pictures are built in: `plot(y)`, `scatter(x, y)`", "pd": "a table is read by `load_csv(path)`",
        "sklearn": "data and metrics are built in: `split(data, [0.8, 0.2])`, `accuracy(net, data)`",
        "os": "a script reads files by `read(path)` and its arguments from `args`", "sys": "a script's arguments are in `args`, it ends by `exit(code)`",
    ]

    /// The mend of `np.member`: the built-in of that name, or what it is called here.
    static func mend(ofModule module: String, member: String, exists: (String) -> Bool) -> String {
        let here = names[member] ?? (exists(member) ? member : nil)
        return here.map { "write `\($0)`" } ?? modules[module] ?? ""
    }

    /// Names with a name of their own here.
    static let names = [
        "True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "None": "none", "null": "none", "NULL": "none", "nil": "none",
        "undefined": "none", "PI": "pi", "Pi": "pi", "NaN": "nan", "NAN": "nan", "Inf": "inf", "Infinity": "inf", "INFINITY": "inf",
        "float": "number", "str": "string", "type": "kind", "typeof": "kind", "length": "len", "numel": "size", "ndim": "rank", "ndims": "rank",
        "rand": "uniform", "randn": "normal", "randint": "integers", "randperm": "permutation", "random_normal": "normal",
        "array": "tensor", "asarray": "tensor", "concatenate": "concat", "cat": "concat", "hstack": "concat", "vstack": "concat",
        "absolute": "abs", "fabs": "abs", "sgn": "sign", "logistic": "sigmoid", "expit": "sigmoid", "inverse": "inv", "amax": "max", "amin": "min",
        "argsorted": "argsort", "identity": "eye", "println": "print", "printf": "print", "disp": "print", "fprintf": "print", "display": "print",
        "Linear": "dense", "Dense": "dense", "Conv2d": "conv", "Conv2D": "conv", "ConvTranspose2d": "conv_transpose", "MaxPool2d": "maxpool", "MaxPooling2D": "maxpool",
        "AvgPool2d": "avgpool", "AveragePooling2D": "avgpool", "GlobalAveragePooling2D": "globalpool", "Flatten": "flatten", "Dropout": "dropout", "ReLU": "relu", "Embedding": "embed",
        "BatchNorm1d": "batchnorm", "BatchNorm2d": "batchnorm", "BatchNormalization": "batchnorm", "LayerNorm": "layernorm", "GroupNorm": "groupnorm",
        "LSTM": "lstm", "GRU": "gru", "RNN": "rnn", "Sequential": "sequential", "SGD": "sgd", "Adam": "adam", "AdamW": "adamw", "RMSprop": "rmsprop",
        "CrossEntropyLoss": "cross_entropy", "MSELoss": "mse", "mse_loss": "mse", "mean_squared_error": "mse", "NLLLoss": "nll", "BCELoss": "binary_cross_entropy",
        "BCEWithLogitsLoss": "binary_cross_entropy", "bce": "binary_cross_entropy", "crossentropy": "cross_entropy", "DataLoader": "batches",
        "average": "mean", "avg": "mean", "ln": "log", "train_test_split": "split", "accuracy_score": "accuracy", "one_hot_encode": "one_hot", "open": "read",
        "load_iris": "iris", "load_digits": "digits", "make_moons": "moons", "make_blobs": "blobs", "make_circles": "moons", "newaxis": "none", "read_csv": "load_csv", "loadtxt": "load_csv",
        "genfromtxt": "load_csv", "imread": "load_image", "matshow": "imshow", "swapaxes": "permute", "moveaxis": "permute", "fliplr": "flip", "flipud": "flip",
    ]

    /// Names that are written in another way altogether.
    static let advice = [
        "self": "`self` is the object inside its own methods; fields are read there by their bare names", "this": "inside an object its fields are read by their bare names; the object is `self`",
        "int": "write `floor`, or `round`", "input": "read a file with `read(path)`; `args` holds the arguments", "dict": "a record is written `{rate: 0.1}`",
        "set": "`unique(xs)` gives each value once", "tuple": "a list is written `(a, b)`", "isinstance": "it is written `kind(x) == \"tensor\"`", "e": "it is written `exp(1)`",
        "pow": "it is written `x ^ p`", "power": "it is written `x ^ p`", "log2": "it is written `log(x) / log(2)`", "log10": "it is written `log(x) / log(10)`", "mm": "it is written `a @ b`", "bmm": "it is written `a @ b`",
        "unsqueeze": "a new axis is written `x[none]`, `x[:, none]`", "expand_dims": "a new axis is written `x[none]`, `x[:, none]`",
        "mnist": mnist, "MNIST": mnist, "load_mnist": mnist, "fashion_mnist": mnist, "cifar10": "the files are read by `load_cifar10(path)`", "CIFAR10": "the files are read by `load_cifar10(path)`",
        "zeros_like": "it is written `zeros(shape(x))`", "ones_like": "it is written `ones(shape(x))`", "tic": "it is written `time(() => …)`", "toc": "it is written `time(() => …)`",
        "lambda": "it is written `x => …`", "def": "it is written `fn f(x) = …`", "elif": "write `else if`", "end": "a block ends with `}`; the last element is `x[-1]`", "pass": "an empty block is `{ }`",
        "hvplot": "it is written `plot(y)`", "figure": "a picture is one call: `plot(y, title=\"…\")`", "subplot": "pictures side by side: `grid(() => plot(a), () => plot(b))`",
        "softmax_cross_entropy": "`cross_entropy(logits, labels)` takes the scores before the softmax", "model": "a network is made by `net = flatten >> dense(10)`",
        "lr": "the learning rate is the optimizer's: `sgd(0.1)`", "np_": "array functions are built in",
    ]

    private static let mnist = "`digits()` are 1797 images of 8 by 8; the files of MNIST are read by `load_idx(images, labels)`"

    /// Functions that students take for layers, with the layer.
    static let layers = [
        "linear": "dense(8)", "conv2d": "conv(8, 3)", "conv1d": "conv(8, 3)", "conv_transpose2d": "conv_transpose(8, 3)", "drop": "dropout(0.5)", "max_pool2d": "maxpool(2)",
        "avg_pool2d": "avgpool(2)", "batch_norm": "batchnorm()", "layer_norm": "layernorm()", "group_norm": "groupnorm(4)", "embedding": "embed(1000, 32)",
    ]

    // MARK: Methods

    /// Methods that are functions of another name.
    static let methods = [
        "ndim": "rank", "dim": "rank", "length": "len", "count_nonzero": "count", "numel": "size", "view": "reshape", "detach": "stop_gradient", "item": "number",
        "ravel": "flatten", "parameters": "params", "predict_proba": "predict", "score": "accuracy", "clone": "copy", "deepcopy": "copy", "inverse": "inv",
        "amax": "max", "amin": "min", "float": "f32", "double": "f64", "str": "string",
    ]

    /// Methods of strings that are functions of another name.
    static let stringMethods = ["split": "words", "splitlines": "lines", "tolower": "lower", "toupper": "upper", "casefold": "lower", "capitalize": "upper", "size": "len"]

    /// Methods of strings that are written in another way altogether; ‹x› is the string, ‹y› the first argument.
    static let stringAdvice = [
        "join": "write `join(‹y›, ‹x›)`", "startswith": "it is written `‹x›[0:len(‹y›)] == ‹y›`", "endswith": "it is written `‹x›[-len(‹y›):] == ‹y›`",
        "count": "it is written `len(words(‹x›, ‹y›)) - 1`", "index": "whether it is there is `‹y› in ‹x›`", "find": "whether it is there is `‹y› in ‹x›`",
    ]

    /// Methods that convert to the type that is their argument.
    static let conversions = ["astype", "to", "type"]

    /// The function that converts to a type of another library, by the text of its name; nil for what is no type.
    static func conversion(to type: String) -> String? {
        if type.contains("float64") || type.contains("double") || type.contains("f64") { return "f64" }
        if type.contains("float") || type.contains("f32") { return "f32" }
        return type.contains("bool") ? "bool" : type.contains("int") || type.contains("long") ? "round" : nil
    }

    /// Methods that are operators.
    static let operatorMethods = ["mm": "@", "bmm": "@", "pow": "^", "add": "+", "sub": "-", "mul": "*", "div": "/", "eq": "==", "dot": "@"]

    static let valueAdvice = [
        "extend": "it is written `x = concat(x, y)`", "add_": "it is written `x += y`",
        "grad": "it is written `grad(f)(x)`: a gradient belongs to a function", "backward": "it is written `{value, grads} = value_and_grad(f)(net, x, y)`: there is nothing to call afterwards",
        "dtype": "`f32(x)` and `f64(x)` convert; float32 is the default", "numpy": "leave it out: a tensor is the array", "cuda": "leave it out: everything runs on the processor",
        "to": "leave it out: everything runs on the processor; `f32(x)` and `f64(x)` convert", "cpu": "leave it out: everything runs on the processor", "tolist": "`list(x)` is seldom needed: `for v in x { … }` goes through a tensor",
        "unsqueeze": "a new axis is written `x[:, none]`", "items": "it is written `for (k, v) in r { … }`", "format": "values stand in braces within the string: `\"loss {loss:.3f}\"`",
        "requires_grad": "leave it out: `grad(f)(x)` differentiates with respect to x",
    ]

    static let networkAdvice = [
        "train": "leave it out: a network trains inside `grad` and `fit` and evaluates everywhere else", "eval": "leave it out: a network evaluates outside `grad` and `fit`",
        "zero_grad": "leave it out: gradients are values, and nothing adds up", "weight": "the weights are `W`: `net[0].W`", "weights": "the weights are `W`: `net[0].W`",
        "backward": "it is written `{value, grads} = value_and_grad(f)(net, x, y)`", "compile": "leave it out: `fit(net, data, loss=…, optimizer=…)` takes all", "add": "layers are joined by `>>`: `net = net >> dense(10)`",
        "cuda": "leave it out: everything runs on the processor", "to": "leave it out: everything runs on the processor",
    ]

    // MARK: Fields

    /// What a field may be called here, the first that a record has.
    static let fields = [
        "weights": ["W"], "weight": ["W"], "kernel": ["W"], "images": ["x"], "data": ["x"], "features": ["x"], "inputs": ["x"], "X": ["x"], "labels": ["y"], "label": ["y"], "target": ["y"], "targets": ["y"], "Y": ["y"],
        "target_names": ["classes"], "class_names": ["classes"], "val_loss": ["validation_loss"], "val_accuracy": ["validation_accuracy"],
        "val_acc": ["validation_accuracy"], "acc": ["accuracy"], "train_loss": ["loss"], "train_accuracy": ["accuracy"],
        "test": ["validation"], "val": ["validation"], "valid": ["validation"], "gradient": ["grads"], "gradients": ["grads"], "grad": ["grads"],
        "eigenvalues": ["values"], "eigenvectors": ["vectors"], "S": ["values"], "s": ["values"], "U": ["u"], "V": ["v"], "Q": ["q"], "R": ["r"],
    ]

    // MARK: Keywords

    /// What a keyword argument may be called here, the first that a function accepts.
    static let keywords = [
        "early_stopping": ["patience"], "early_stop": ["patience"], "beta": ["momentum", "beta1"], "l2": ["decay"],
        "lr": ["rate"], "learning_rate": ["rate"], "alpha": ["rate", "slope"], "eta": ["rate"], "step_size": ["rate", "every"], "gamma": ["factor"], "decay_rate": ["factor"], "T_max": ["steps"], "total_steps": ["steps"],
        "dim": ["axis"], "axes": ["axis"], "dims": ["axis"], "keepdims": ["keep"], "keepdim": ["keep"],
        "epoch": ["epochs"], "n_epochs": ["epochs"], "num_epochs": ["epochs"], "nb_epoch": ["epochs"], "batch_size": ["batch", "n"], "bs": ["batch"],
        "validation_data": ["validate"], "validation": ["validate"], "val": ["validate"], "valid": ["validate"], "val_data": ["validate"], "test": ["validate"],
        "kernel_size": ["size"], "kernel": ["size"], "pool_size": ["size"], "padding": ["pad"], "strides": ["stride"], "out_channels": ["filters"], "out_features": ["units"],
        "hidden": ["units"], "hidden_size": ["units"], "std": ["sd"], "sigma": ["sd"], "scale": ["sd"], "stddev": ["sd"], "mu": ["mean"], "loc": ["mean"],
        "weight_decay": ["l2", "decay"], "criterion": ["loss"], "optim": ["optimizer"], "opt": ["optimizer"], "regularizer": ["penalty"], "regularization": ["penalty"],
        "reg": ["penalty"], "callbacks": ["patience"], "dropout": ["p"], "prob": ["p"], "rate": ["p"], "num_classes": ["classes"], "n_classes": ["classes"], "ord": ["p"],
        "label_smoothing": ["smoothing"], "return_sequences": ["sequence"], "use_bias": ["bias"], "initializer": ["init"], "kernel_initializer": ["init"], "negative_slope": ["slope"],
        "min": ["low"], "max": ["high"], "label": ["target", "title"], "legend": ["title"], "xlab": ["xlabel"], "ylab": ["ylabel"], "sep": ["delimiter", "separator"], "separator": ["delimiter"], "reverse": ["descending"], "label_column": ["target"], "target_column": ["target"],
    ]

    static let keywordAdvice = [
        "betas": "they are two: `beta1=0.9, beta2=0.999`", "lr": "the rate is the optimizer's: `optimizer=adam(‹lr›)`", "learning_rate": "the rate is the optimizer's: `optimizer=adam(‹learning_rate›)`",
        "activation": "an activation stands behind the layer: `dense(64) >> relu`", "input_shape": "leave it out: a layer finds the size of its input at the first call",
        "in_features": "leave it out: a layer finds the size of its input at the first call", "in_channels": "leave it out: a layer finds the size of its input at the first call",
        "input_dim": "leave it out: a layer finds the size of its input at the first call", "dtype": "`f64(x)` converts, `precision(f64)` switches the default",
        "device": "leave it out: everything runs on the processor", "verbose": "leave it out: progress goes to the terminal by itself", "requires_grad": "leave it out: `grad(f)(x)` differentiates with respect to x",
        "end": "`print` ends the line; join strings by `+` or `\"{a} {b}\"`", "sep": "join values in one string: `\"{a}, {b}\"`", "seed": "it is written `seed(1)` before it",
        "validation_split": "split the data before: `{train, test} = split(‹data›, [0.8, 0.2])`, then `validate=test`",
        "random_state": "it is written `seed(1)` before it", "test_size": "fractions are a list: `split(data, [0.8, 0.2])`", "lr_schedule": "an optimizer's rate may be a schedule: `sgd(cosine(0.1, 100))`",
    ]
}
