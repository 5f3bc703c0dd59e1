import Files
import Tensors
import Testing

@Suite struct CSVTests {
    private func parse(_ text: String, header: Bool? = nil, delimiter: Character? = nil) throws -> CSVTable {
        try parseCSV(Array(text.utf8), path: "t.csv", header: header, delimiter: delimiter)
    }
    private func problem(_ text: String) -> String {
        do { _ = try parse(text).matrix(.f64) } catch { return "\(error)" }
        return "no error"
    }

    @Test func numbersWithAHeader() throws {
        let t = try parse("a,b\r\n1,2.5\r\n-3e2,4\r\n")
        #expect(t.names == ["a", "b"] && t.rows == 2 && t.columns == 2)
        #expect(t.numbers == [1, 2.5, -300, 4])
        #expect(try t.matrix(.f32).shape == [2, 2])
        #expect(try t.column(1, .f64).element(1) == 4)
    }

    @Test func headersAreDetected() throws {
        #expect(try parse("1,2\n3,4").names == nil)
        #expect(try parse("5.1,3.5,setosa\n4.9,3.0,setosa\n").names == nil)
        #expect(try parse("x,y,kind\n4.9,3.0,setosa\n").names == ["x", "y", "kind"])
        #expect(try parse("year,2020\n1,2\n").names == ["year", "2020"])
        #expect(try parse("a,b\n1,2", header: false).numbers.count == 4)
        #expect(try parse("1,2\n3,4", header: true).names == ["1", "2"])
        #expect(try parse("\u{FEFF}a,b\n1,2").names == ["a", "b"])
    }

    @Test func delimitersAreDetected() throws {
        #expect(try parse("1;2\n3;4").numbers == [1, 2, 3, 4])
        #expect(try parse("1,5;2\n3;4,25").numbers == [1.5, 2, 3, 4.25])
        #expect(try parse("1\t2\n3\t4").numbers == [1, 2, 3, 4])
        #expect(try parse(" 1   2\n3 4 \n").numbers == [1, 2, 3, 4])
        #expect(try parse("petal length\n1\n2").names == ["petal length"])
        #expect(try parse("1|2\n3|4", delimiter: "|").numbers == [1, 2, 3, 4])
        #expect(try parse("1|2\n3|4").numbers == [1, 2, 3, 4])
        #expect(try parse("a|b|y\nred|x|no").names == ["a", "b", "y"])
        #expect(try parse("a b  y\n1 2 0\n3 4 1\n").names == ["a", "b", "y"])
        #expect(try parse("5.1 3.5 setosa\n4.9 3.0 virginica").columns == 3)
        #expect(try parse("new york\nlos angeles").columns == 1)
        #expect(try parse("\"a\nb\";c\n1;2").names == ["a\nb", "c"])
        #expect(try parse("a,b\r1,2\r3,4\r").numbers == [1, 2, 3, 4])
        #expect(try parse("a;b,c\n1;2", delimiter: ";").names == ["a", "b,c"])
        #expect(problem("a;b,c\n1;2,3\n") == "t.csv:2: is `2,3` below `b,c` one field or two?")
        #expect(try parse("a;b,c\n1;2,3\n", delimiter: ";").numbers == [1, 2.3])
    }

    /// No row goes because its first word begins with #.
    @Test func commentsStandAboveTheFirstRow() throws {
        #expect(try parse("# made by hand, 1936\n#\n\n#by me\nc,v,y\n#ff0000,2,0\nblue,4,1\n").texts[0] == ["#ff0000", "blue"])
        #expect(try parse("#ff0000,2,0\nblue,4,1\n").texts[0] == ["#ff0000", "blue"])
        #expect(try parse("# notes\n#id,v\n1,2\n").names == ["#id", "v"])
        #expect(try parse("#,v\n1,2\n").names == ["#", "v"])
        #expect(try parse("# 1 2\n3 4\n").numbers == [3, 4])
        #expect(problem("a,b\n1,2\n# half way\n3,4\n") == "t.csv:3: 1 field, but the first row has 2")
    }

    @Test func emptyColumnsAndTruths() throws {
        let open = try parse("a,b,y,\n1,2,0,\n3,true,1, \n")
        #expect(open.names == ["a", "b", "y"] && open.numbers.count == 6 && open.texts[1] == ["2", "true"])
        #expect(try parse("1,2,\n3,4,\n").numbers == [1, 2, 3, 4])
        #expect(try parse("a,b,\n1,2,3\n").columns == 3)
        #expect(try parse("a,b,z\n1,2,\n").isEmpty(2))
        let flags = try parse("a,b\nTRUE,x\nfalse,\nNA,true\n")
        #expect(try flags.column(0, .f64).element(0) == 1 && flags.column(0, .f64).element(1) == 0 && flags.column(0, .f64).element(2).isNaN)
        #expect(throws: FileError.self) { try flags.column(1, .f64) }
    }

    @Test func quotesAndMissing() throws {
        let t = try parse("name,v\n\"Smith, \"\"J\"\"\",1\n\"two\nlines\",NA\n\n plain , \n")
        #expect(t.texts[0] == ["Smith, \"J\"", "two\nlines", "plain"])
        #expect(t.rows == 3 && t.numbers[1] == 1 && t.numbers[3].isNaN && t.numbers[5].isNaN)
        #expect(!t.isNumeric(0) && t.isNumeric(1))
        #expect(try parse("1,?\nnan,-inf").numbers[3] == -.infinity)
    }

    @Test func errorsNameLineAndColumn() {
        #expect(problem("a,b\n1,2\n3,x4\n") == "t.csv:3:3: expected a number, not \"x4\"")
        #expect(problem("λ,b\n1,2\n3,\"é\"\n4,x\n") == "t.csv:3:3: expected a number, not \"é\"")
        #expect(problem("é;b\n1;1\n\"é\";x4\n") == "t.csv:3:1: expected a number, not \"é\"")
        #expect(problem("1,2\n3\n") == "t.csv:2: 1 field, but the first row has 2")
        #expect(problem("1,2\n3,4,5\n") == "t.csv:2: 3 fields, but the first row has 2")
        #expect(problem("1,\"2\n3,4") == "t.csv:1:3: a quote is not closed")
        #expect(problem("1,\"2\"x\n") == "t.csv:1:6: text follows a closing quote")
        #expect(problem("") == "t.csv: the table is empty")
        #expect(problem("\n#only\n") == "t.csv: the table is empty")
        #expect(problem("#only") == "t.csv: the table is empty")
    }

    /// Decimal numbers of every length read as Swift reads them.
    @Test func numbersAreCorrectlyRounded() throws {
        var state: UInt64 = 1
        var texts: [String] = []
        for _ in 0..<3000 {
            state = state &* 6364136223846793005 &+ 1442695040888963407
            let x = Double(bitPattern: state)
            if x.isFinite { texts.append("\(x)") }
            texts.append(String(state >> (state & 63)) + "." + String(state % 1000) + "e" + String(Int(state >> 40) % 60 - 30))
        }
        let t = try parse(texts.joined(separator: "\n"), header: false)
        #expect(zip(t.numbers, texts).allSatisfy { $0 == Double($1)! })
    }

    @Test func hostileTextsDoNotCrash() {
        var state: UInt64 = 7
        let alphabet = Array("1,;\t\"\n\r #.e-NA\u{FF}x ".utf8)
        for length in 0..<400 {
            var bytes: [UInt8] = []
            for _ in 0..<(length % 40) {
                state = state &* 6364136223846793005 &+ 1442695040888963407
                bytes.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            _ = try? parseCSV(bytes, path: "x").matrix(.f32)
        }
    }
}
