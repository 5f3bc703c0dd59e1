import CStandardLibrary
import Syntax
import Tensors

// Programs of several files, and what the runtime offers: `nns check`, and the check before a run.
extension Interpreter {
    /// The errors and warnings of a program, in the order of their places, without running it.
    ///
    /// `path` is its file, from which imports are found; nil for code that has none.
    public func check(_ source: Source, path: String?) -> [Diagnostic] {
        var errors: [Diagnostic] = []
        let tree = Parser.parse(source, collecting: &errors)
        guard errors.isEmpty else { return errors }
        let module = makeModule("main")
        module.source = source
        do {
            let code = try Resolver(tree: tree, module: module, prelude: prelude).resolve()
            if let path { registerMain(module, path: path) }
            let errors = Checker.everything(self, code, module, [tree])
            // An import that failed says so, and nothing can be used of it.
            let found = errors + warnings(tree, module).filter { warning in !errors.contains { warning.span.start <= $0.span.start && $0.span.end <= warning.span.end } }
            return found.enumerated().sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }.map(\.element)
        } catch { return [diagnosed(error)] }
    }
}

extension Interpreter {
    /// The errors in the standard library, its files checked in order as one program.
    func checkStandardLibrary() -> [Diagnostic] {
        let module = makeModule("standard library", isMain: false)
        let whole = FunctionCode(name: "standard library", source: Source(name: "stdlib", text: ""), span: .none)
        var statements: [NodePointer] = []
        var trees: [Tree] = []
        do {
            for file in StandardLibrary.sources {
                let source = Source(name: "stdlib/\(file.name)", text: file.text)
                trees.append(try Parser.parse(source))
                let code = try Resolver(tree: trees[trees.count - 1], module: module, prelude: prelude).resolve()
                let body = code.body!
                statements += (0..<Int(body.pointee.count)).map { body.pointee.list[$0] }
                whole.slotCount = max(whole.slotCount, code.slotCount)
            }
        } catch { return [diagnosed(error)] }
        whole.body = Self.block(of: statements)
        return Checker.everything(self, whole, module, trees)
    }

    private static func block(of statements: [NodePointer]) -> NodePointer {
        let block = NodePointer.allocate(capacity: 1)
        block.initialize(to: CodeNode(op: .block, span: .none, source: statements[0].pointee.source))
        let list = UnsafeMutablePointer<NodePointer>.allocate(capacity: statements.count)
        list.initialize(from: statements, count: statements.count)
        block.pointee.list = list
        block.pointee.count = Int32(statements.count)
        return block
    }
}

extension Diagnostic {
    /// Where it stands in the program's own file: the outermost call.
    var place: Int32 { frames.last?.span.start ?? span.start }
}

extension Checker {
    /// `import`: the module is checked with the program, once.
    func importModule(_ n: NodePointer) throws -> Abstract {
        let (written, path, canonical) = try interpreter.importedFile(n)
        if let known = modules[canonical] {
            guard let known else { throw interpreter.importCycle(written, n) }
            return known
        }
        if interpreter.modules[canonical]?.isRunning ?? false { throw interpreter.importCycle(written, n) }
        let source: Source
        do { source = Source(name: path, text: try Interpreter.readText(path)) } catch { throw interpreter.located(error, n) }
        let module = Module(name: Resolver.moduleName(path))
        module.source = source
        modules[canonical] = .some(nil)
        do {
            let tree = try Parser.parse(source)
            setFields.add(tree)
            let code = try Resolver(tree: tree, module: module, prelude: interpreter.prelude).resolve()
            let saved = (state.slots, activation, interpreter.currentModule)
            state.slots = Array(repeating: nil, count: code.slotCount)
            activation = Activation(code)
            interpreter.currentModule = module
            calls.append(Call(name: "import", node: n, isStandardLibrary: false))
            defer {
                (state.slots, activation, interpreter.currentModule) = saved
                calls.removeLast()
            }
            if try block(code.body, tail: false) != .normal { throw Stopped() }
        } catch let error as Diagnostic {
            modules[canonical] = .some(.unknown)
            throw framed(error, Call(name: "import", node: n, isStandardLibrary: false))
        }
        var keys: [String] = [], values: [Abstract] = []
        for name in module.names where module.assigned.contains(name) {
            guard let cell = module.existingCell(name), let value = state.globals[cell] else { continue }
            keys.append(name)
            values.append(value)
        }
        let record = Abstract.record(keys, values)
        modules[canonical] = record
        return record
    }
}
