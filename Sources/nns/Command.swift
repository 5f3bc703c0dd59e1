import ArgumentParser

/// `nns`: the language at the command line.
struct Command: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nns",
        abstract: "A small language for neural networks.",
        discussion: """
        nns                    the prompt
        nns FILE [args]        run a script
        nns -e CODE            run code and print the last value
        nns -                  run a script from standard input
        nns check FILE…        find wrong names, calls and shapes without running
        nns fmt FILE…          lay scripts out
        nns test PATH…         run the tests of scripts
        nns doc [NAME]         explain a name or a topic of the lecture
        """,
        version: "nns 0.1",
        subcommands: [Run.self, Check.self, Format.self, Test.self, Doc.self],
        defaultSubcommand: Run.self)
}

/// Options that every way of running takes.
struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Stop with a limit error after this many steps; every test and every entry at the prompt has as many of its own.", valueName: "n"))
    var maxSteps: Int?

    @Option(help: "When to colour output: auto, always or never.")
    var color: ColorChoice = .auto
}

enum ColorChoice: String, ExpressibleByArgument { case auto, always, never }

/// `nns run FILE`, `nns FILE`, `nns -e CODE`, `nns -`, `nns`.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a script, or the prompt where none is given.")

    @Option(name: .customShort("e"), parsing: .unconditionalSingleValue,
            help: ArgumentHelp("Run this code and print the value of its last expression. Given again, its code is the next line.", valueName: "code"))
    var lines: [String] = []

    /// The code of the command line; nil where there is none.
    var code: String? { lines.isEmpty ? nil : lines.joined(separator: "\n") }

    @OptionGroup var options: RunOptions

    @Argument(help: ArgumentHelp("The script (`-`: standard input) and its arguments.", valueName: "file"))
    var arguments: [String] = []
}

/// `nns test PATH…`
struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run the tests that scripts declare.")

    @OptionGroup var options: RunOptions

    @Argument(help: ArgumentHelp("Scripts, or folders of them.", valueName: "path"))
    var paths: [String]
}

/// `nns check FILE…`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find wrong names, calls, types and shapes in scripts without running them.",
        discussion: "Exits with 1 where there are errors, with 0 where there are none or warnings alone.")

    @Option(help: "When to colour output: auto, always or never.")
    var color: ColorChoice = .auto

    @Argument(help: ArgumentHelp("Scripts (`-`: standard input), or folders of them.", valueName: "file"))
    var paths: [String]
}

/// `nns fmt FILE…`
struct Format: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt", abstract: "Lay scripts out in the one canonical way.",
        discussion: "Only white space changes. A script with syntax errors is left as it is; `-` reads standard input and writes the result.")

    @Flag(help: "Change nothing; name the files that would change, and exit with 1 where there are any.")
    var check = false

    @Option(help: "When to colour output: auto, always or never.")
    var color: ColorChoice = .auto

    @Argument(help: ArgumentHelp("Scripts (`-`: standard input), or folders of them.", valueName: "file"))
    var paths: [String]
}

/// `nns doc [NAME]`
struct Doc: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain a name of the language or a topic of the lecture.",
        discussion: "Without one, lists the names by group and the topics. Exits with 1 where nothing is known.")

    @Argument(help: ArgumentHelp("A name (softmax, fit), a topic (weight decay) or its row in the lecture (5).", valueName: "name"))
    var words: [String] = []
}
