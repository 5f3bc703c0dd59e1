import Syntax

/// What the tree walker walks: plain structs with pointers to their children, names resolved to slots.
///
/// Goals: reading a node touches no reference count; operands that are constants, locals or top-level names are
/// read without a call; a call remembers how its arguments bind (`cacheKey`, `plan`). Nodes live as long as the
/// process: code is small, and closures may outlive their entry.
struct CodeNode {
    var op: OpCode
    var flag = false
    var form = Form.general
    /// A slot of the frame, a field, or another small number; the op and the form say which.
    var slot: Int32 = -1
    var count: Int32 = 0
    /// Where a binary operator stands in the text.
    var place: Int32 = 0
    var span: Span
    var source: Unmanaged<Source>
    var a: NodePointer! = nil
    var b: NodePointer! = nil
    var c: NodePointer! = nil
    var list: UnsafeMutablePointer<NodePointer>! = nil
    /// The value of a number, or of the right operand in the form `localNumber`.
    var number: Double = 0
    /// A top-level name's cell.
    var cell: UnsafeMutablePointer<Word>! = nil
    /// An immortal object: a constant's text, a function's code, a declaration's plan.
    var object: UnsafeMutableRawPointer! = nil
    /// The callee or record shape seen last, and what was worked out for it.
    var cacheKey: UInt = 0
    var plan: UnsafeMutablePointer<Int32>! = nil
}

typealias NodePointer = UnsafeMutablePointer<CodeNode>

/// What the resolver saw of a node's operands or of an assignment's target, so that the walker need not look again.
enum Form: UInt8 {
    case general
    /// Both operands are numbers or variables.
    case simple
    /// The operands are the local in `slot` and `number`.
    case localNumber
    /// The operands are the locals in `slot` and `count`.
    case locals
    /// The target is the local in `slot`, or the name of `cell`; the right side is no call that the target moves into.
    case localTarget, globalTarget
}

extension CodeNode {
    @inline(__always) func held<T: AnyObject>(_: T.Type) -> T { Unmanaged<T>.fromOpaque(object).takeUnretainedValue() }
    var text: String { source.takeUnretainedValue().text(of: span) }
    var name: String { held(Text.self).string }
    /// True for a call with keyword arguments.
    @inline(__always) var hasKeywords: Bool { slot > 0 }
}

enum OpCode: UInt8 {
    // Operands that fold into their parent come first.
    case number, local, global
    case constant, field
    /// What `holding` put into a slot, where it is no variable.
    case held
    case interpolated, list, bracket, comprehension, record
    case negate, not
    case add, subtract, multiply, divide, floorDivide, modulo, matmul, power
    case equal, notEqual, less, lessEqual, greater, greaterEqual, isIn
    case elementOr, elementAnd
    case and, or, compose, range
    case call, index, member, transpose, lambda, conditional, attempt, block
    // Statements
    case expression, assign, update, function, object, forLoop, whileLoop, breakLoop, continueLoop, returnValue
    case importModule, main, test, assert
    // Patterns and parts
    case listPattern, recordPattern, clause, condition, keyword, slice, ellipsis, interpolation, holding
}

/// What a plain call needs to know of a function: no method, and without shape annotations, called with exactly its
/// parameters. Lives as long as the code.
struct CallPlan {
    let parameterCount: Int32
    let isExpression: Bool
    let slotCount: Int
    let body: NodePointer
    let code: Unmanaged<FunctionCode>
    /// The slots that captures are copied to, and where a local function finds itself (-1: it does not).
    let captureCount: Int
    let captureSlots: UnsafeMutablePointer<Int32>
    let ownSlot: Int
    /// True where the frame needs more than the arguments.
    let holds: Bool
}

/// A function's body with what a call needs to know.
final class FunctionCode {
    let name: String
    let source: Source
    var span: Span
    var parameters: [CodeParameter] = []
    /// Parameters that need no default, when nothing is collected: a call with exactly this many positional
    /// arguments binds them in order. -1 where binding is never that simple.
    var simpleCount = -1
    var hasRest = false
    var isSimple = true
    /// Slots: parameters, then captures, then `self` and the function itself where used, then other locals.
    var slotCount = 0
    var captures: [Capture] = []
    /// The slots that captures are copied to at a call, in the order of `captures`.
    var captureSlots: [Int32] = []
    /// For an initialiser: the names of `forward`'s parameters that take its first slots.
    var forwardNames: [String] = []
    var selfSlot = -1
    /// Where a local function finds itself.
    var ownSlot = -1
    var body: NodePointer!
    var isExpression = false
    /// Written as `x => …`, without a name.
    var isLambda = false
    /// A `break`, `continue` or `return` stands inside an expression here and arrives as a thrown signal.
    var throwsSignals = false
    var documentation = ""
    var slotNames: [String] = []
    /// Top-level names that the body, functions in it included, reads, so that layers behind them are found; and the field
    /// where it reads one of theirs alone, as in `r.a`.
    var globalsRead: [(name: String, cell: UnsafeMutablePointer<Word>, field: String?)] = []
    var returnShape: ShapeAnnotation?

    /// Made with the first closure, when the code is complete.
    lazy var plan: UnsafePointer<CallPlan>? = {
        guard simpleCount >= 0, captures.count == captureSlots.count, selfSlot < 0, returnShape == nil, let body else { return nil }
        let slots = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, captureSlots.count))
        slots.initialize(from: captureSlots, count: captureSlots.count)
        let plan = UnsafeMutablePointer<CallPlan>.allocate(capacity: 1)
        plan.initialize(to: CallPlan(parameterCount: Int32(simpleCount), isExpression: isExpression, slotCount: slotCount, body: body,
                                     code: .passUnretained(self), captureCount: captureSlots.count, captureSlots: slots, ownSlot: ownSlot,
                                     holds: ownSlot >= 0 || !captureSlots.isEmpty))
        return UnsafePointer(plan)
    }()

    init(name: String, source: Source, span: Span) {
        self.name = name; self.source = source; self.span = span
    }

    struct Capture {
        var name: String
        /// The slot in the frame of the function around.
        var outerSlot: Int32
    }
}

struct CodeParameter {
    var name: String
    var defaultValue: NodePointer?
    var isRest: Bool
    var shape: ShapeAnnotation?
    var span: Span

    /// `b: [k] = none`: left out, it has no shape to check.
    var mayBeNone: Bool { defaultValue.map { $0.pointee.op == .constant && UInt64($0.pointee.slot) == Word.Tag.none } ?? false }
}

/// `[n, d]` after a parameter or `->`.
struct ShapeAnnotation {
    enum Part { case size(Int), name(String), rest }
    var parts: [Part]
    var text: String
}

/// What an `object` or `layer` statement makes when it runs.
final class DeclarationCode {
    var name = ""
    var isLayer = false
    var constructor: FunctionCode!
    var fields: [(name: String, role: ObjectDeclaration.Field.Role, initializer: FunctionCode?, isLazy: Bool)] = []
    var methods: [FunctionCode] = []
    /// Conditions checked at construction, in order, each a function of `self`.
    var asserts: [FunctionCode] = []
    var documentation = ""
}

/// A file's or the session's top-level names.
public final class Module {
    public let name: String
    public internal(set) var source: Source?
    /// Cells in the order of their first mention; a cell never moves.
    private(set) var names: [String] = []
    private var cells: [String: UnsafeMutablePointer<Word>] = [:]
    /// Names that the module itself set (not built-ins it mentions).
    private(set) var assigned: Set<String> = []
    /// Where names stand that nothing was bound to when they were resolved, for the error that offers the nearest name.
    private(set) var doubtful: [NodePointer: Resolver.FunctionScope] = [:]
    /// True while its statements run (an import of it then is a cycle).
    var isRunning = false
    var isMain = false

    /// Whether the standard library's files run in it: its cells are those of all of them, private names included.
    let isLibrary: Bool

    init(name: String, isLibrary: Bool = false) {
        self.name = name
        self.isLibrary = isLibrary
    }

    /// The cell of a name, made at its first mention with the built-in of that name in it.
    func cell(_ name: String, prelude: Prelude) -> UnsafeMutablePointer<Word> {
        if let cell = cells[name] { return cell }
        if isLibrary {
            prelude.load(name)
            if let cell = cells[name] { return cell }
        }
        let cell = UnsafeMutablePointer<Word>.allocate(capacity: 1)
        let initial = prelude[name] ?? .unset
        initial.retain()
        cell.initialize(to: initial)
        cells[name] = cell
        names.append(name)
        return cell
    }

    func existingCell(_ name: String) -> UnsafeMutablePointer<Word>? { cells[name] }
    func noteAssigned(_ name: String) { assigned.insert(name) }
    func noteDoubtful(_ node: NodePointer, in scope: Resolver.FunctionScope) { doubtful[node] = scope }

    /// The names the module set and their values, in order.
    public var bindings: [(name: String, value: Value)] {
        names.compactMap { name in
            guard assigned.contains(name), let word = cells[name]?.pointee, !word.isUnset else { return nil }
            return (name, Value(word))
        }
    }

    /// Forgets the names that an entry would have set had it not failed.
    public func forgetUnset() {
        assigned = assigned.filter { cells[$0].map { !$0.pointee.isUnset } ?? false }
    }

    /// Forgets everything the module set (`:reset`).
    func clear(prelude: Prelude) {
        for name in names {
            let cell = cells[name]!
            let old = cell.pointee
            let initial = prelude[name] ?? .unset
            initial.retain()
            cell.pointee = initial
            old.release()
        }
        assigned = []
    }
}
