/// What `?for` and `?|>` show: the page of a word or a sign of the language itself.
struct SyntaxPage {
    /// The words and signs that it explains.
    let names: [String]
    /// How it is written.
    let form: String
    /// Paragraphs, one in a line.
    let prose: String
    let examples: [Operation.Example]

    init(_ names: [String], _ form: String, _ prose: String, _ examples: [Operation.Example] = []) {
        (self.names, self.form, self.prose, self.examples) = (names, form, prose, examples)
    }

    static func named(_ name: String) -> SyntaxPage? {
        name == "syntax" ? contents : pages.first { $0.names.contains(name) }
    }

    /// `?syntax`: what has a page.
    private static var contents: SyntaxPage {
        let words = pages.flatMap(\.names).filter { $0.first!.isLetter }.sorted(), signs = pages.flatMap(\.names).filter { !$0.first!.isLetter }
        return SyntaxPage(["syntax"], "syntax: the words and signs of the language", """
            ?for, ?@ and so on explain each of them; in a shell `nns doc for`.
            - words: \(words.joined(separator: " "))
            - signs: \(signs.joined(separator: "  "))
            """)
    }

    static let pages: [SyntaxPage] = statements + functions + operators + signs

    private static let statements = [
        SyntaxPage(["for", "in"], "for NAME in VALUES { … }\nfor (a, b) in PAIRS { … }\nfor x in SOME, y in OTHERS { … }", """
            Runs the block once for each item of a list, row of a tensor, number of a range, key and value of a record. Of several \
            clauses the last one goes fastest, as in loops inside each other; `zip` goes side by side. `break` leaves the loop, `continue` goes on with the next item. \
            In brackets a `for` makes a list: see `[`. Between values `in` asks whether one is among others.
            """, [("for i in 1..3 { print(i, i^2) }", "1 1\n2 4\n3 9"), ("2 in [1, 2, 3]", "true")]),
        SyntaxPage(["while"], "while CONDITION { … }", """
            Runs the block as long as the condition, asked before each time, is true. `break` leaves the loop.
            """, [("n = 1; while n < 100 { n *= 2 }; n", "128")]),
        SyntaxPage(["break", "continue"], "break\ncontinue", """
            `break` leaves the innermost loop, `continue` goes on with its next item.
            """, [("for i in 0..<9 { if i == 1 { continue }; if i == 3 { break }; print(i) }", "0\n2")]),
        SyntaxPage(["if", "else"], "if CONDITION { … } else if CONDITION { … } else { … }", """
            Runs the first block whose condition is true. It is an expression too, with the value of the block's last one.
            """, [("x = -3; size = if x < 0 { -x } else { x }; size", "3")]),
        SyntaxPage(["try", "catch"], "try { … } catch NAME { … }", """
            Runs the first block; where an error ends it, the second one, with the error in NAME: a record {kind, message, …}. \
            It is an expression too. `error(message)` makes an error.
            """, [("try { ones(2) + ones(3) } catch e { e.kind }", "\"shape\"")]),
        SyntaxPage(["assert"], "assert CONDITION\nassert CONDITION, MESSAGE", """
            Ends in an error where the condition is false; one about a comparison shows both sides.
            """, [("assert 1 + 1 == 2, \"so far so good\"", "")]),
        SyntaxPage(["test"], "test \"TITLE\" { … }", """
            A test, run by `nns test FILE` alone. A failed `assert` in it, or any other error, is a failure.
            """, [("test \"squares\" { assert square(3) == 9 }", "")]),
        SyntaxPage(["main"], "main { … }", """
            Runs where the file is the program itself, and not where another one imports it.
            """, [("main { print(\"begun\") }", "begun")]),
        SyntaxPage(["import", "as"], "import \"FILE.nns\"\nimport \"FILE.nns\" as NAME", """
            Runs another file once and puts its names into a record, called like the file or NAME: \
            after `import "lib.nns"` its function f is `lib.f`. The path is relative to the file in which the import stands.
            """),
        SyntaxPage(["=", "+=", "-=", "*=", "/="], "NAME = VALUE\n(a, b) = LIST\n{x, y} = RECORD\nPLACE += VALUE", """
            Gives a value a name, and a new value to a name, an element `x[0]` or a field `r.rate`. Values are never shared: \
            after `b = a` a change of b leaves a as it is; only objects and layers are, and `copy` copies them. Lists are unpacked by place, records by name. \
            What stands in a place is evaluated once: `counts[integers(0, 6)] += 1` draws one number.
            """, [("(a, b) = (1, 2); a += 10; [a, b]", "[11, 2]"), ("{rate} = {rate: 0.1, steps: 3}; rate", "0.1")]),
    ]

    private static let functions = [
        SyntaxPage(["fn"], "fn NAME(a, b=1, rest...) = EXPRESSION\nfn NAME(x: [n, d]) -> [n] { … }", """
            Defines a function. Its result is the expression, or the block's last one. Arguments may be given by name; \
            a parameter with `=` may be left out, one with `...` takes all that are left as a list. Shapes behind `:` and `->` \
            are checked at each call; letters in them stand for sizes. `##` lines above are its documentation.
            """, [("fn f(x, k=2) = sum(x^k)\nf([1, 2, 3])", "14"), ("f([1, 2, 3], k=1)", "6")]),
        SyntaxPage(["return"], "return\nreturn VALUE", """
            Leaves a function early with a value, `none` where there is none.
            """, [("fn sign_of(x) { if x < 0 { return \"minus\" }; \"plus\" }\nsign_of(-2)", "\"minus\"")]),
        SyntaxPage(["=>"], "x => EXPRESSION\n(x, y) => { … }", """
            A function without a name. It takes all that follows it.
            """, [("map(x => x^2, [1, 2, 3])", "[1, 4, 9]")]),
        SyntaxPage(["object"], "object NAME(a, b) { state NAME = VALUE; fn METHOD(…) = … }", """
            Defines a kind of thing with fields and methods; NAME(1, 2) makes one. Its parameters, `state` and `param` are its \
            fields, which its methods see by their names.
            """, [("object counter(step) {\n    state n = 0\n    fn next() { n += step; n }\n}\nc = counter(2); c.next(); c.next()", "4")]),
        SyntaxPage(["layer"], "layer NAME(a, b) { param w = VALUE; fn forward(x) = … }", """
            Defines a layer: an object that is called as a function, by its `forward`, and stands in chains and networks. \
            Its `param` are trained. One whose value uses x is made at the first call.
            """, [("layer scaled(rate) {\n    param w = rate * ones(size(x, -1))\n    fn forward(x) = x * w\n}\nl = scaled(3); l([1, 2])", "[3, 6]")]),
        SyntaxPage(["param"], "param NAME = VALUE", """
            In a layer or object: a field that training changes. `params(net)` lists them all.
            """, [("layer shift() {\n    param b = 0.5\n    fn forward(x) = x + b\n}\nparams(shift())", "{b: 0.5}")]),
        SyntaxPage(["state"], "state NAME = VALUE", """
            In a layer or object: a field that its methods may change and training does not, such as a running mean.
            """, [("object meter() {\n    state total = 0\n    fn add(x) { total += x }\n}\nm = meter(); m.add(3); m.total", "3")]),
    ]

    private static let operators = [
        SyntaxPage(["+", "-", "*", "/"], "a + b   a - b   a * b   a / b   -a", """
            Arithmetic, elementwise on tensors: shapes are broadcast as in NumPy. `+` joins strings.
            """, [("[[1, 2], [3, 4]] * [10, 100]", "[[10, 200],\n [30, 400]]"), ("\"ab\" + \"c\"", "\"abc\"")]),
        SyntaxPage(["//", "%"], "a // b   a % b", """
            The quotient rounded down and what remains, which has b's sign.
            """, [("(7 // 2, 7 % 2, -7 // 2, -7 % 2)", "(3, 1, -4, 1)")]),
        SyntaxPage(["^"], "a ^ b", "The power, elementwise; it binds tighter than a sign before it and goes from right to left.",
                   [("(2^10, -2^2, 2^3^2)", "(1024, -4, 512)")]),
        SyntaxPage(["@"], "A @ B", """
            The matrix product; of vectors the inner product. The last size of A and the first of B must be equal.
            """, [("[[1, 2], [3, 4]] @ [1, 1]", "[3, 7]")]),
        SyntaxPage(["'"], "A'", "The transpose: the last two axes of a tensor, exchanged.", [("[[1, 2, 3]]'", "[[1],\n [2],\n [3]]")]),
        SyntaxPage(["==", "!=", "<", "<=", ">", ">="], "a == b   a != b   a < b   a <= b   a > b   a >= b", """
            Comparisons. Of tensors they give a tensor of truth values, elementwise; `all(a == b)` and `any(a < b)` make one \
            of them. They cannot be chained: write `0 < x and x < 1`. Strings go by Unicode scalar, as they are counted.
            """, [("[1, 2, 3] >= 2", "[false, true, true]")]),
        SyntaxPage(["and", "or", "not"], "a and b   a or b   not a", """
            Logic of single truth values; the right side is only looked at where it matters. For tensors see `&` and `|`.
            """, [("x = 3; x > 0 and not x > 5", "true")]),
        SyntaxPage(["&", "|"], "a & b   a | b", "And and or of tensors of truth values, elementwise. They bind looser than comparisons.",
                   [("v = [1, 2, 3]; v > 1 & v < 3", "[false, true, false]")]),
        SyntaxPage(["|>"], "x |> f", """
            The pipe: f(x). What stands first happens first. A line that begins with it goes on with the line above.
            """, [("[1, 4, 9] |> sqrt |> sum", "6")]),
        SyntaxPage([">>"], "f >> g", """
            The chain: a function that calls f, then g with its result. A chain of layers is a network, and its stages are \
            net[0], net[1] and so on. A line that begins with it goes on with the line above.
            """, [("f = square >> sum; f([1, 2, 3])", "14")]),
        SyntaxPage(["..", "..<"], "a..b   a..<b", """
            Whole numbers from a to b, with b or without. `range(a, b, step)` has other steps, `linspace` fractions.
            """, [("[i for i in 1..3]", "[1, 2, 3]"), ("len(0..<10)", "10")]),
    ]

    private static let signs = [
        SyntaxPage(["[", "]"], "[a, b, c]\nx[i]   x[a:b:step]   x[:, 0]   x[mask]\n[EXPRESSION for NAME in VALUES if CONDITION]", """
            Brackets make a tensor of numbers and take parts of one, as NumPy does: from 0, from the end by -1, ranges without \
            their end, `...` for all axes between, `none` for a new one. A record is asked by its key. \
            With `for` they compute an item for each value.
            """, [("x = [[1, 2, 3], [4, 5, 6]]; x[:, 0]", "[1, 4]"), ("[i^2 for i in 1..5 if i != 3]", "[1, 4, 16, 25]")]),
        SyntaxPage(["(", ")"], "(a, b)   (a,)   ()", "A list, of anything; around one expression they only group it.",
                   [("xs = (1, \"two\", [3, 4]); xs[1]", "\"two\"")]),
        SyntaxPage(["{", "}"], "{name: VALUE, name}\n{ STATEMENTS }", """
            A record: values by name, read by `r.name` or `r["name"]`. `{x}` is short for `{x: x}`. After `if`, `for`, `fn` \
            and the like braces hold a block of statements.
            """, [("r = {rate: 0.1, steps: 3}; r.rate * r.steps", "0.30000000000000004")]),
        SyntaxPage(["\""], "\"text {EXPRESSION} {EXPRESSION:.2f}\"", """
            A string. Braces put values in, with a format behind `:`; `{{` is a brace, `\\n` a new line, `\\"` a quote.
            """, [("x = 2; \"half of {x} is {x / 2:.2f}\"", "\"half of 2 is 1.00\"")]),
        SyntaxPage(["."], "r.name   x.method()", "A field of a record or an object, a method. A line that begins with `.name` goes on with the line above.",
                   [("{a: {b: 7}}.a.b", "7")]),
        SyntaxPage([":"], "x[a:b]   {name: VALUE}   fn f(x: [n])   {x:.2f}", """
            In an index a part from a up to b; in a record a value behind its name; behind a parameter its shape; in a string's \
            braces a format.
            """, [("[0, 1, 2, 3][1:3]", "[1, 2]")]),
        SyntaxPage(["..."], "fn f(xs...)   x[..., 0]", "A parameter that takes any number of arguments, as a list; in an index all axes that are not named.",
                   [("fn count(xs...) = len(xs)\ncount(1, 2, 3)", "3"), ("ones(2, 3, 4)[..., 0] |> shape", "(2, 3)")]),
        SyntaxPage(["#", "##", "#%%"], "# COMMENT\n## DOCUMENTATION\n#%% TITLE", """
            A comment goes to the end of its line. `##` lines directly above a definition are its documentation, which `?name` \
            shows. `#%%` begins a cell, for editors that know them.
            """, [("1 + 1  # two", "2")]),
        SyntaxPage([";"], "a; b", "Separates statements in a line. At the end of an entry at the prompt it silences the echo.", [("x = 1; x + 1", "2")]),
        SyntaxPage(["true", "false", "none"], "true   false   none", """
            The truth values, and the value of what has none: it echoes nothing. In arithmetic true counts as 1, false as 0.
            """, [("sum([1, 5, 7] > 3)", "2"), ("get({a: 1}, \"b\", none) == none", "true")]),
        SyntaxPage(["ans"], "ans", "At the prompt, the value of the last entry that had one, also where `;` silenced it."),
    ]
}
