import CKernels
import Tensors

/// A value in 16 plain bytes: what slots, fields and the evaluator's results hold.
///
/// Goals: numbers and bools are copied without touching a reference count; whoever holds a word that refers
/// to something owns one reference and gives it back with `release`.
/// The low byte of `meta` is the tag; for a tensor the rest is its serial on the tape.
struct Word {
    var bits: UInt64
    var meta: UInt64

    enum Tag {
        static let unset: UInt64 = 0
        static let none: UInt64 = 1
        static let bool: UInt64 = 2
        static let number: UInt64 = 3
        static let scalarF32: UInt64 = 4
        static let scalarF64: UInt64 = 5
        static let scalarBool: UInt64 = 6
        // From here on `bits` is a reference.
        static let tensor: UInt64 = 8
        static let string: UInt64 = 9
        static let list: UInt64 = 10
        static let record: UInt64 = 11
        static let function: UInt64 = 12
        static let range: UInt64 = 13
        static let object: UInt64 = 14
    }

    @inline(__always) init(bits: UInt64, meta: UInt64) { self.bits = bits; self.meta = meta }
    @inline(__always) init(number: Double) { bits = number.bitPattern; meta = Tag.number }
    @inline(__always) init(bool: Bool) { bits = bool ? 1 : 0; meta = Tag.bool }
    static let unset = Word(bits: 0, meta: Tag.unset)
    static let none = Word(bits: 0, meta: Tag.none)

    @inline(__always) var tag: UInt64 { meta & 0xFF }
    @inline(__always) var serial: UInt64 { meta >> 8 }
    @inline(__always) var isUnset: Bool { meta == Tag.unset }
    @inline(__always) var isNumber: Bool { meta == Tag.number }
    @inline(__always) var number: Double { Double(bitPattern: bits) }
    /// A number, a scalar or a tensor.
    @inline(__always) var isNumeric: Bool { tag >= Tag.number && tag <= Tag.tensor }
    @inline(__always) var isReference: Bool { meta & 0xFF >= Tag.tensor }
    @inline(__always) var pointer: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: UInt(bits)).unsafelyUnwrapped }

    @inline(__always) func retain() {
        if isReference { swift_nonatomic_retain(pointer) }
    }
    @inline(__always) func release() {
        if isReference { swift_nonatomic_release(pointer) }
    }

    @inline(__always) private init(_ object: AnyObject, _ meta: UInt64) {
        bits = UInt64(UInt(bitPattern: Unmanaged.passRetained(object).toOpaque()))
        self.meta = meta
    }

    /// The word of a value; owns one reference.
    @inline(__always) init(_ value: Value) {
        switch value {
        case .none: self = .none
        case .bool(let b): self.init(bool: b)
        case .number(let x): self.init(number: x)
        case .scalar(let x, let type):
            self.init(bits: x.bitPattern, meta: type == .f32 ? Tag.scalarF32 : type == .bool ? Tag.scalarBool : type == .f64 ? Tag.scalarF64 : Tag.number)
        case .tensor(let t, let serial):
            if serial == 0, t.rank == 0 { self.init(value.unboxed) } else { self.init(t, Tag.tensor | serial << 8) }
        case .string(let s): self.init(s, Tag.string)
        case .list(let l): self.init(l, Tag.list)
        case .record(let r): self.init(r, Tag.record)
        case .function(let f): self.init(f, Tag.function)
        case .range(let r): self.init(r, Tag.range)
        case .object(let o): self.init(o, Tag.object)
        }
    }

    @inline(__always) private func reference<T: AnyObject>(_: T.Type) -> T {
        Unmanaged<T>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// What kind of function a function word refers to is asked often; no value is made for it.
    @inline(__always) var function: Function { reference(Function.self) }
    /// How a plain call runs a function word, read without touching its reference count.
    @inline(__always) var callPlan: UnsafePointer<CallPlan>? {
        Unmanaged<Function>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.plan }
    }
    /// What a closure captured; only a function with a plan is asked.
    @inline(__always) var captures: UnsafeMutablePointer<Word> {
        Unmanaged<Closure>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.captures }
    }
    @inline(__always) var object: Object { reference(Object.self) }
    @inline(__always) var text: Text { reference(Text.self) }
    /// A field of an object word, without a reference of its own.
    @inline(__always) func field(_ i: Int) -> Word {
        Unmanaged<Object>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.fields[i] }
    }
}

extension Value {
    /// The value of a word, which keeps its own reference.
    @inline(__always) init(_ word: Word) {
        word.retain()
        self.init(taking: word)
    }

    /// The value of a word, taking over its reference.
    @inline(__always) init(taking word: Word) {
        switch word.tag {
        case Word.Tag.number: self = .number(word.number)
        case Word.Tag.bool: self = .bool(word.bits != 0)
        case Word.Tag.scalarF32: self = .scalar(word.number, .f32)
        case Word.Tag.scalarF64: self = .scalar(word.number, .f64)
        case Word.Tag.scalarBool: self = .scalar(word.number, .bool)
        case Word.Tag.tensor: self = .tensor(Unmanaged<Tensor>.fromOpaque(word.pointer).takeRetainedValue(), word.serial)
        case Word.Tag.string: self = .string(Unmanaged<Text>.fromOpaque(word.pointer).takeRetainedValue())
        case Word.Tag.list: self = .list(Unmanaged<List>.fromOpaque(word.pointer).takeRetainedValue())
        case Word.Tag.record: self = .record(Unmanaged<Record>.fromOpaque(word.pointer).takeRetainedValue())
        case Word.Tag.function: self = .function(Unmanaged<Function>.fromOpaque(word.pointer).takeRetainedValue())
        case Word.Tag.range: self = .range(Unmanaged<RangeValue>.fromOpaque(word.pointer).takeRetainedValue())
        case Word.Tag.object: self = .object(Unmanaged<Object>.fromOpaque(word.pointer).takeRetainedValue())
        default: self = .none
        }
    }
}
