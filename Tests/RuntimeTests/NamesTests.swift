import Foundation
import Testing

/// Every name that the language promises exists, and stands in a transcript's input.
@Suite struct NamesTests {
    static let names = """
    zeros ones full eye arange linspace uniform normal integers bernoulli permutation choose glorot he tensor f32 f64 bool
    exp log log1p expm1 sqrt abs sign square sin cos tan tanh sigmoid relu leaky_relu elu gelu silu softplus erf floor ceil round
    clip maximum minimum where isnan isfinite
    sum mean var std max min prod all any norm logsumexp argmax argmin median quantile count softmax log_softmax cumsum sort argsort topk
    shape rank size len reshape flatten transpose permute squeeze expand concat stack pad flip roll tile one_hot outer
    dot matmul solve inv det cholesky qr eigh svd trace diag linear
    append keys values get zip enumerate map filter reduce list range sorted reversed unique number string kind join lines words upper
    lower replace contains read
    conv2d conv1d conv_transpose2d max_pool2d avg_pool2d drop embedding batch_norm layer_norm group_norm convolve correlate conv_matrix im2col
    cross_entropy nll mse mae huber hinge binary_cross_entropy kl
    dense conv maxpool avgpool globalpool batchnorm layernorm dropout noise embed residual sequential
    l1 l2 elastic max_norm sgd adam adamw rmsprop adagrad
    resample warp rotate shift crop zoom contrast brightness stretch shear hflip vflip augment compose product tta policy policy_search tanda
    fit evaluate accuracy confusion early_stopping batches split kfold take shuffle standardize
    grad value_and_grad hessian jacobian hvp stop_gradient gradcheck backprop params update build copy summary train_mode eval_mode training
    digits iris moons spirals blobs sine xor plot print help explain vars seed precision close raises error nan_check exit pi inf nan args
    """.split(whereSeparator: \.isWhitespace).map(String.init)

    @Test func namesExist() {
        TestSession.with { session in
            for name in Self.names where session.enter("x = \(name)").hasPrefix("error") { Issue.record("`\(name)` does not exist") }
        }
    }

    @Test func namesHaveTranscripts() throws {
        var words = Set<String>()
        for file in TranscriptTests.files {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where line.hasPrefix("> ") || line.hasPrefix(". ") {
                words.formUnion(line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))
            }
        }
        for name in Self.names where !words.contains(name) { Issue.record("`\(name)` has no transcript") }
    }
}
