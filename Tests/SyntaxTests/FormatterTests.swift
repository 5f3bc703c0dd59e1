/// The one layout: what it makes of a script, and that it changes nothing else.
import Testing
@testable import Syntax

private func formatted(_ text: String) throws -> String {
    try Formatter.format(Source(name: "f", text: text))
}

@Suite struct FormatterTests {
    @Test func wordsThatAreValues() throws {
        #expect(try formatted("[-none[0], true(1), false']") == "[-none[0], true(1), false']\n")
    }

    @Test func spacesLinesAndLevels() throws {
        #expect(try formatted(#"""
            #!/usr/bin/env nns



            x=f( a,b ) ;y = -x^ -2+x [1 : 2,: ,...]   #trailing
            if x>3{ y }
            else
            {
              # inner


              z=1;;
              w={ a:1,"b" : 2 , c }
              foo(a , x=>{ a
              b }, k = 2)

            }
            fn f( a : [n , d]=3 , k = 2, rest ... ) ->[ n ]=a'
            u = [
            1, 2,   # one
            333, 4 # two
              # last
            ]
            v = x
            # in a chain
            |> f
                  .g( 1 )
            t = "a{ x  +1 :.2f }"
            a = b +
            c
            ; q
            try { a } # why
            catch e { b }
            object  A (x) { state n=0; fn next() { n+=1 } }
            { x } ; { a : 1}
            {p , q} = r
            f = () => { }
            g = {}
            1 .x
            not  a ; a not  in b; x.if (2); return (a)
            main{ run() }
            for i in  0 ..< n , j in b{ }
            fn fit(net,
                   patience=none) {
            x
            }
            """#) == #"""
            #!/usr/bin/env nns

            x = f(a, b); y = -x^-2 + x[1:2, :, ...]  #trailing
            if x > 3 { y } else {
                # inner

                z = 1;
                w = {a: 1, "b": 2, c}
                foo(a, x => {
                    a
                    b
                }, k=2)
            }
            fn f(a: [n, d] = 3, k=2, rest...) -> [n] = a'
            u = [
                1, 2,   # one
                333, 4  # two
                # last
            ]
            v = x
                # in a chain
                |> f
                .g(1)
            t = "a{ x  +1 :.2f }"
            a = b +
                c
            q
            try { a }  # why
            catch e { b }
            object A(x) { state n = 0; fn next() { n += 1 } }
            { x }; {a: 1}
            {p, q} = r
            f = () => { }
            g = {}
            1 .x
            not a; a not in b; x.if(2); return (a)
            main { run() }
            for i in 0..<n, j in b { }
            fn fit(net,
                    patience=none) {
                x
            }

            """#)
    }

    @Test func textsAreKept() throws {
        #expect(try formatted("s = \"\"\"\r\n  keep  \r\n\"\"\"\r\nt=\"  {  {a : 1}  } # no\" # yes  \r\n")
                == "s = \"\"\"\n  keep  \n\"\"\"\nt = \"  {  {a : 1}  } # no\"  # yes\n")
        #expect(try formatted("x # spaces of any kind \r\t\u{c}\n") == "x  # spaces of any kind\n")
        #expect(try formatted("if z {\n    t = 1; }") == "if z {\n    t = 1;\n}\n")
        #expect(try formatted("x = [1,- -\n1]") == "x = [1, - -\n    1]\n")
        #expect(try formatted("") == "")
        #expect(try formatted("\n\n") == "")
        #expect(try formatted("# a\n\n\n\n# b") == "# a\n\n# b\n")
        #expect(throws: Diagnostic.self) { try formatted("x = ") }
    }

    @Test func commentsBehindCodeStandBelowOneAnother() throws {
        #expect(try formatted("x = 1 # a\nλ̂̂ = 22 # b\nz # c\n\nlonger # d") == "x = 1   # a\nλ̂̂ = 22  # b\nz       # c\n\nlonger  # d\n")
    }

    @Test func formattingTwiceIsFormattingOnce() throws {
        for (program, _) in entries(programsAndTrees) {
            let once = try formatted(program)
            #expect(try formatted(once) == once, "\(program)")
            #expect(try parse(once).description == parse(program).description)
        }
    }

    @Test func changedProgramsToo() throws {
        let failures = onEightMegabytes { check in
            var state: UInt64 = 7
            func random(_ below: Int) -> Int {
                state = state &* 6364136223846793005 &+ 1442695040888963407
                return Int((state >> 33) % UInt64(below))
            }
            let programs = entries(programsAndTrees).map { Array($0.program.utf8) }
            let insertions = ["\n", "\n\n", " ", "  ", ";", "# c\n", "\n# c\n", "(", ")", "[", "]", "{", "}", "-", "+", ",", "x", "\t", "\r\n"].map { Array($0.utf8) }
            var count = 0
            for _ in 0..<6_000 {
                var bytes = programs[random(programs.count)]
                for _ in 0...random(3) { bytes.insert(contentsOf: insertions[random(insertions.count)], at: random(bytes.count)) }
                let source = Source(name: "m", bytes: bytes)
                guard (try? Parser.parse(source)) != nil else { continue }
                count += 1
                do throws(Diagnostic) {
                    let once = try Formatter.format(source)
                    let twice = try Formatter.format(Source(name: "m", text: once))
                    check(once == twice, "\(String(decoding: bytes, as: UTF8.self))\n-->\n\(once)\n-->\n\(twice)")
                    check(!once.contains(" \n") || bytes.contains(34), once)
                } catch {
                    check(false, "\(String(decoding: bytes, as: UTF8.self)): \(error.message)")
                }
            }
            check(count > 1000, "too few programs: \(count)")
        }
        #expect(failures.prefix(3) == [])
    }

    @Test func severalErrorsInOnePass() {
        let text = """
            x = 1
            def f(x):
                return x
            y = [1 2]
            fn g(a) {
                w = foo(1,
                    2 3,
                    4)
                if a = 3 { q = ) } else { r = 2 }
                return w
            }
            layer l(n) {
                param W =
                state = 3
                fn forward(x) = x @ W
                state v
            }
            s = "abc
            t = 'abc'
            u = f(1))
            v = 2
            main { a b; c }
            }
            last = 1
            foo(1, 2
            """
        var errors: [Diagnostic] = []
        let source = Source(name: "e", text: text)
        let tree = Parser.parse(source, collecting: &errors)
        #expect(errors.map { source.line(at: $0.span.start) } == [2, 4, 7, 9, 14, 16, 18, 19, 20, 22, 23, 25])
        #expect(tree.description == """
            (block (assign x 1) (return x) (fn g ((parameter a)) (block (return w))) \
            (layer l ((parameter n)) (members (fn forward ((parameter x)) (matmul x W)))) \
            (assign v 2) (main (block (do c))) (assign last 1))
            """)
        #expect(errors.first?.message == "expected `fn`, found `def`")
        var few: [Diagnostic] = []
        _ = Parser.parse(source, collecting: &few, limit: 3)
        #expect(few.count == 3)
        var none: [Diagnostic] = []
        _ = Parser.parse(Source(name: "e", text: "x = 1"), collecting: &none)
        #expect(none.isEmpty)
    }
}
