import Files
import Syntax
import Tensors

// Data from files and from the binary itself. The formats are the module Files'; here they become values: data
// sets are records with x, y and classes.
extension Op {
    /// A file that the binary carries with it.
    private static func embedded(_ name: String) throws -> [UInt8] {
        guard let file = StandardLibrary.files.first(where: { $0.name == name }) else {
            let names = StandardLibrary.files.map(\.name).filter { !$0.hasSuffix(".nns") }
            throw Diagnostic(.io, "there is no embedded file \"\(name)\"", help: ["there are: \(names.joined(separator: ", "))"])
        }
        return Array(file.bytes)
    }

    /// Runs a reader; what is wrong with the file is an `io` error.
    static func reading<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as FileError {
            throw Diagnostic(.io, error.description, help: error.help)
        }
    }

    static let embeddedTable = Operation("_embedded_table(name)", .data, """
        A table of numbers that the program carries with it, a row a line: `digits.csv.gz`, `iris.csv`. The standard \
        library's `digits` and `iris` are made of it.
        """, examples: [("shape(_embedded_table(\"iris.csv\"))", "(150, 5)")], seeAlso: ["digits", "iris"],
        result: Results.embedded,
        forward: { c in
            let name = try c.string(0), type = c.interpreter.defaultType
            return Value(try reading {
                let bytes = try embedded(name)
                return try parseCSV(name.hasSuffix(".gz") ? inflate(bytes, path: name) : bytes, path: name).matrix(type)
            })
        })

    private static func dataSet(_ x: Value, _ y: Value, _ classes: [String]?) -> Record {
        Record(["x", "y", "classes"], [x, y, classes.map { Value(list: $0.map { Value($0) }) } ?? .none])
    }

    private static func dataSet(_ set: ImageSet) -> Value { .record(dataSet(Value(set.x), Value(set.y), set.classes)) }

    static let loadCsv = Operation("load_csv(path, target=-1, header=none, delimiter=none)", .data, """
        A data set from a text table: {x, y, classes, columns}. `target` is the column of y, by number (the last) or name; \
        `none` leaves y out. A target of words becomes class numbers, `classes` their words in order; `columns` names the \
        features. A header and the delimiter are detected unless given; lines above that begin with # are comments. Features of \
        true and false are 1 and 0, missing numbers nan. Gzip files are read as they are.
        """, seeAlso: ["load_npy", "split", "standardize"],
        forward: { c in
            let path = try c.string(0), type = c.interpreter.defaultType
            let header = c.isNone(2) ? nil : try c.bool(2)
            let delimiter = c.isNone(3) ? nil : try c.string(3)
            if let delimiter, delimiter.count != 1 { throw c.fault(.value, 3, "`delimiter` of load_csv is one character, got \"\(delimiter)\"") }
            let table = try reading { try loadCSV(path, header: header, delimiter: delimiter?.first) }
            var target: Int?
            if let name = c[1].asString {
                guard let i = table.names?.firstIndex(of: name) else {
                    throw c.fault(.value, 1, "\(path) has no column \"\(name)\"", help: [table.names.map { "it has: \($0.joined(separator: ", "))" } ?? "it has no header: give the column's number"])
                }
                target = i
            } else if !c.isNone(1) {
                let i = try c.int(1)
                guard i >= -table.columns, i < table.columns else { throw c.fault(.value, 1, "\(path) has \(counted(table.columns, "column")), not a column \(i)") }
                target = i < 0 ? i + table.columns : i
            }
            let features = (0..<table.columns).filter { $0 != target }
            if let target, features.isEmpty {
                throw c.fault(.value, 0, "\(path) has one column, which is y: nothing is left for x",
                              help: delimiter == nil ? ["`delimiter=` says what stands between the fields; `target=none` leaves y out"] : ["`target=none` leaves y out"])
            }
            if let target, table.isEmpty(target) {
                throw c.fault(.value, 0, "the target of \(path), \(table.names.map { "\"\($0[target])\"" } ?? "column \(target)"), is empty",
                              help: ["`target=` chooses another column; `target=none` leaves y out"])
            }
            let columns = try reading { try features.map { try table.column($0, type) } }
            let x = try Tensor.make([table.rows, features.count], type)
            for (j, column) in columns.enumerated() {
                for i in 0..<table.rows { x.setElement(i * features.count + j, column.element(i)) }
            }
            var y = Value.none
            var classes: [String]?
            if let target, table.isNumeric(target) {
                y = Value(try reading { try table.column(target, type) })
            } else if let target {
                let words = try (0..<table.rows).map { i -> String in
                    guard let word = table.texts[target]?[i], !word.isEmpty else { throw Diagnostic(.value, "\(path): the target is missing in row \(i)") }
                    return word
                }
                let names = Set(words.map(TextKey.init)).map(\.string).sorted { $0.precedes($1) }
                let labels = try Tensor.make([words.count], type)
                var number: [TextKey: Int] = [:]
                for (k, name) in names.enumerated() { number[TextKey(name)] = k }
                for (i, word) in words.enumerated() { labels.setElement(i, Double(number[TextKey(word)]!)) }
                y = Value(labels)
                classes = names
            }
            let result = dataSet(Value(x), y, classes)
            if let names = table.names { result.set("columns", Value(list: features.map { Value(names[$0]) })) }
            return .record(result)
        })

    static let loadNpy = Operation("load_npy(path)", .data, "A tensor from a NumPy file (`.npy`), in its own type where that is f32, f64 or bool.",
        seeAlso: ["load_npz"], forward: { c in Value(try reading { try loadNPY(try c.string(0)) }) })

    static let loadNpz = Operation("load_npz(path)", .data, "A record of the tensors in a NumPy archive (`.npz`), by name; what else `save` wrote there is left out.",
        seeAlso: ["load_npy"],
        forward: { c in
            let arrays = try reading { try loadNPZ(try c.string(0)) }
            return .record(Record(arrays.map(\.name), arrays.map { Value($0.array) }))
        })

    static let loadIdx = Operation("load_idx(images, labels)", .data, """
        A data set from two IDX files, MNIST's format, packed by gzip or not: x [n, 1, height, width] in 0..1, y labels.
        """, seeAlso: ["digits", "load_cifar10"],
        forward: { c in dataSet(try reading { try loadIDX(images: try c.string(0), labels: try c.string(1), c.interpreter.defaultType) }) })

    static let loadCifar10 = Operation("load_cifar10(path)", .data, """
        CIFAR-10 from the folder or the archive of its binary version: {train, test}, each a data set with x [n, 3, 32, 32] \
        in 0..1. A single batch file is one data set.
        """, seeAlso: ["load_idx"],
        forward: { c in
            let sets = try reading { try loadCIFAR10(try c.string(0), c.interpreter.defaultType) }
            guard let test = sets.test else { return dataSet(sets.train) }
            return .record(Record(["train", "test"], [dataSet(sets.train), dataSet(test)]))
        })

    static let loadPicture = Operation("load_image(path)", .data, "An image file (PNG, PNM, BMP) as a tensor [channels, height, width] in 0..1.",
        seeAlso: ["imshow"], forward: { c in Value(try reading { try loadImage(try c.string(0), c.interpreter.defaultType) }) })

    /// With what `fit` needs of the runtime.
    static let data = [embeddedTable, loadCsv, loadNpy, loadNpz, loadIdx, loadCifar10, loadPicture, save, load] + trainingHooks
}
