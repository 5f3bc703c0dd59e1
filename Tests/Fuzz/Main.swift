import Foundation
import Runtime
import Tensors

/// `Fuzz --project FOLDER [--seed N] [--mutate N] [--generate N]`: tries programs and prints what was found; status 1
/// where anything was. `--file FILE` tries that one. `scripts/fuzz` explains the use.
@main
enum Main {
    struct Options {
        var project = "."
        var seed = 1
        /// Damaged texts to parse, and the n-th of them to evaluate.
        var mutate = 10_000, evaluateEach = 8
        /// Programs to generate and evaluate.
        var generate = 2_000
        /// The n-th program has all its checks.
        var thorough = 5
        /// Prints the generated programs instead.
        var show = false
        /// A file to try instead.
        var file: String?
    }

    static func main() {
        var options = Options()
        var rest = Array(CommandLine.arguments.dropFirst())
        func number(_ name: String) -> Int {
            guard let value = rest.first.flatMap({ Int($0) }) else { usage("\(name) needs a number") }
            rest.removeFirst()
            return value
        }
        while !rest.isEmpty {
            let name = rest.removeFirst()
            switch name {
            case "--project":
                guard !rest.isEmpty else { usage("--project needs a folder") }
                options.project = rest.removeFirst()
            case "--seed": options.seed = number(name)
            case "--mutate": options.mutate = number(name)
            case "--evaluate-each": options.evaluateEach = number(name)
            case "--generate": options.generate = number(name)
            case "--thorough": options.thorough = number(name)
            case "--show": options.show = true
            case "--file":
                guard !rest.isEmpty else { usage("--file needs a file") }
                options.file = rest.removeFirst()
            default: usage("unknown option \(name)")
            }
        }
        let chosen = options
        exit(onLargeStack { run(chosen) })
    }

    static func usage(_ problem: String) -> Never {
        fputs("Fuzz: \(problem)\n", stderr)
        exit(2)
    }

    nonisolated static func run(_ options: Options) -> Int32 {
        do {
            let file = try options.file.map { Array(try Data(contentsOf: URL(fileURLWithPath: $0))) }
            let corpus = try Corpus(project: options.project)
            let world = try World()
            defer { world.remove() }
            let trial = try Trial()
            if options.show {
                for i in 0..<options.generate { print("# program \(i)\n\(program(i, options, corpus))") }
                return 0
            }
            Watch.start()
            if let file {
                Watch.began(options.file!, file)
                trial.show(file)
                return trial.findings == 0 ? 0 : 1
            }
            mutants(options, corpus, trial)
            programs(options, corpus, trial)
            report(trial, options)
            return trial.findings == 0 ? 0 : 1
        } catch {
            fputs("Fuzz: \(error)\n", stderr)
            return 2
        }
    }

    /// Each text has a seed of its own, so that it can be made again without those before it.
    nonisolated private static func dice(_ options: Options, _ stream: UInt64, _ i: Int) -> Dice {
        Dice(seed: UInt64(truncatingIfNeeded: options.seed) &* 0x9E6C_63D0_876A_68DE &+ stream << 60 &+ UInt64(i) &* 0x2545_F491_4F6C_DD1D)
    }

    nonisolated private static func mutants(_ options: Options, _ corpus: Corpus, _ trial: Trial) {
        for i in 0..<options.mutate {
            var mutator = Mutator(corpus: corpus, dice: dice(options, 1, i))
            let text = mutator.next()
            Watch.began("seed \(options.seed), damaged text \(i)", text)
            let tree = trial.read(text, thorough: i % options.thorough == 0)
            if let tree, i % options.evaluateEach == 0 { trial.evaluate(text, tree, isGenerated: false, thorough: i % (options.evaluateEach * options.thorough) == 0) }
        }
    }

    nonisolated private static func program(_ i: Int, _ options: Options, _ corpus: Corpus) -> String {
        var generator = Generator(dice: dice(options, 2, i), examples: corpus.examples)
        return generator.program()
    }

    nonisolated private static func programs(_ options: Options, _ corpus: Corpus, _ trial: Trial) {
        for i in 0..<options.generate {
            let isThorough = i % options.thorough == 0
            let text = Array(program(i, options, corpus).utf8)
            Watch.began("seed \(options.seed), program \(i)", text)
            guard let tree = trial.read(text, thorough: isThorough) else {
                trial.finding("the parser refuses a generated program: \(trial.lastError)", text)
                continue
            }
            trial.evaluate(text, tree, isGenerated: true, thorough: isThorough)
            if i % 20 == 0 {
                var generator = Generator(dice: dice(options, 3, i), examples: corpus.examples)
                let (setUp, entries) = generator.session()
                Watch.began("seed \(options.seed), session \(i)", Array((setUp + "\n" + entries.joined(separator: "\n")).utf8))
                trial.session(setUp, entries)
            }
        }
    }

    nonisolated private static func report(_ trial: Trial, _ options: Options) {
        print("counts: seed \(options.seed) parsed \(trial.parsed) programs \(trial.accepted) damaged \(trial.damaged.all) whole \(trial.damaged.whole) "
            + "generated \(trial.generated.all) whole \(trial.generated.whole) interrupted \(trial.interrupted)")
        print("errors by kind: " + trial.kinds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        print("reached: " + Generator.names.filter { trial.reach.called.contains($0) }.joined(separator: " "))
        print("not reached: " + trial.reach.missing(Generator.names).joined(separator: " "))
        print("memory: at most \(Memory.peak >> 20) MiB counted")
        print("digest \(String(trial.digest, radix: 16)), \(trial.findings) findings")
    }
}
