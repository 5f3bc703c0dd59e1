import Foundation
import Testing

/// What `load_csv` makes of a table: x, y, classes and columns, or an error.
@Suite struct TablesTests {
    /// What `read` prints, with PATH for the path of a file that holds the text.
    private func printed(_ text: String, _ read: String) throws -> String {
        let path = NSTemporaryDirectory() + "table-\(UUID().uuidString).csv"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return TestSession.with { $0.enter(read.replacing("PATH", with: "\"\(path)\"")) }.replacing(path, with: "t.csv")
    }

    @Test func noRowAndNoColumnGoesInSilence() throws {
        #expect(try printed("c,v,y\n#ff0000,2,0\nblue,4,1\n", "load_csv(PATH, target=\"c\").classes") == "(\"#ff0000\", \"blue\")\n")
        #expect(try printed("a b y\n1 2 0\n3 4 1\n", "print(load_csv(PATH).columns, load_csv(PATH).y)") == "(\"a\", \"b\") [0, 1]\n")
        #expect(try printed("a,b,y,\n1,2,0,\n", "load_csv(PATH).y") == "[0]\n")
        #expect(try printed("a,y\r1,2\r", "load_csv(PATH).y") == "[2]\n")
    }

    @Test func truthsAreFeaturesOrClasses() throws {
        let text = "a,b\ntrue,TRUE\nfalse,FALSE\n"
        #expect(try printed(text, "print(load_csv(PATH).x, load_csv(PATH).classes)") == "[[1],\n [0]] (\"FALSE\", \"TRUE\")\n")
    }

    @Test func aTableWithoutFeaturesOrTargetIsAnError() throws {
        let one = try printed("y\n1\n2\n", "load_csv(PATH)")
        #expect(one.hasPrefix("error: t.csv has one column, which is y: nothing is left for x\n") && one.contains("`delimiter=`"))
        #expect(try printed("y\n1\n2\n", "load_csv(PATH, target=none).x") == "[[1],\n [2]]\n")
        #expect(try printed("a,y\n1,\n2,\n", "load_csv(PATH)").hasPrefix("error: the target of t.csv, \"y\", is empty\n"))
        #expect(try printed("a,y\n1,u\n2,\n", "load_csv(PATH)").hasPrefix("error: t.csv: the target is missing in row 1\n"))
    }
}
