/// Wrong programs and their messages: statements, functions and declarations.
///
/// Each entry is a program, a line `=>`, and the whole message (`(incomplete)` behind it where the prompt would
/// go on reading); entries are parted by `----`.
let wrongStatements = #"""
“a”
=>
error: expected a value or an operator, found `“`
 --> try.nns:1:1
  |
1 | “a”
  | ^
  = help: write `"`, the ASCII quotation mark
----
x = a b
=>
error: expected a new line or `;`, found `b`
 --> try.nns:1:7
  |
1 | x = a b
  |       ^
----
a, b = 1, 2
=>
error: expected a new line or `;`, found `,`
 --> try.nns:1:2
  |
1 | a, b = 1, 2
  |  ^
  = help: several names are set by a pattern: write `(a, b) = (1, 2)`
----
return 1, 2
=>
error: expected a new line or `;`, found `,`
 --> try.nns:1:9
  |
1 | return 1, 2
  |         ^
  = help: several values are given back as a list, `return (a, b)`, or as a record, `return {a, b}`
----
f(x) = x + 1
=>
error: expected a name, an index, a field or a pattern before `=`
 --> try.nns:1:1
  |
1 | f(x) = x + 1
  | ^^^^
  = help: a function is written `fn f(x) = …`
----
x + 1 = y
=>
error: expected a name, an index, a field or a pattern before `=`
 --> try.nns:1:1
  |
1 | x + 1 = y
  | ^^^^^
  = help: equality is written `==`
----
[a, b] = c
=>
error: expected a name, an index, a field or a pattern before `=`
 --> try.nns:1:1
  |
1 | [a, b] = c
  | ^^^^^^
  = help: several names are set by `(a, b) = …`
----
{a: x} = c
=>
error: expected a name alone in a pattern
 --> try.nns:1:2
  |
1 | {a: x} = c
  |  ^^^^
  = help: a field keeps its name: `{train, test} = r`, or `a = r.name`
----
f(x) += 1
=>
error: expected a name, an index or a field before `+=`
 --> try.nns:1:1
  |
1 | f(x) += 1
  | ^^^^
----
a = b = c
=>
error: expected a new line or `;`, found `=`
 --> try.nns:1:7
  |
1 | a = b = c
  |       ^
  = help: set one name in each statement; equality is written `==`
----
x := 3
=>
error: expected a new line or `;`, found `:`
 --> try.nns:1:3
  |
1 | x := 3
  |   ^
  = help: a name is set with `=`
----
x ^= 2
=>
error: expected a value, found `=`
 --> try.nns:1:4
  |
1 | x ^= 2
  |    ^
  = help: write `x = x ^ …`; `+= -= *= /=` exist
----
assert a = b
=>
error: expected a new line or `;`, found `=`
 --> try.nns:1:10
  |
1 | assert a = b
  |          ^
  = help: did you mean `==`?
----
(x for x in xs)
=>
error: expected `,` or `)`, found the reserved word `for`
 --> try.nns:1:4
  |
1 | (x for x in xs)
  | ~  ^^^
  = help: a comprehension stands in brackets: `[x^2 for x in xs]`
----
a if c else b
=>
error: expected a new line or `;`, found the reserved word `if`
 --> try.nns:1:3
  |
1 | a if c else b
  |   ^^
  = help: a choice is written `if c { a } else { b }`
----
y = {a = 1}
=>
error: expected `:`, `,` or `}`, found `=`
 --> try.nns:1:8
  |
1 | y = {a = 1}
  |     ~  ^
  = help: a field is written `a: value`
----
y = {1: 2}
=>
error: expected a key such as `name:`, found `1`
 --> try.nns:1:6
  |
1 | y = {1: 2}
  |     ~^
  = help: a key is a name or a string
----
y = {a.b}
=>
error: expected `:`, `,` or `}`, found `.`
 --> try.nns:1:7
  |
1 | y = {a.b}
  |     ~ ^
----
x => {a, b}
=>
error: expected a new line or `;`, found `,`
 --> try.nns:1:8
  |
1 | x => {a, b}
  |        ^
  = help: after `=>` and at the start of a statement `{` opens a block: a record is `({a, b})`
----
for k, v in r { }
=>
error: expected `in`, found `,`
 --> try.nns:1:6
  |
1 | for k, v in r { }
  |      ^
  = help: several names stand in parentheses: `for (a, b) in …`
----
for x of xs { }
=>
error: expected `in`, found `of`
 --> try.nns:1:7
  |
1 | for x of xs { }
  |       ^^
  = help: a loop is written `for x in xs { … }`
----
for x in {a: 1} { }
=>
error: expected a value, found `{`
 --> try.nns:1:10
  |
1 | for x in {a: 1} { }
  |          ^
  = help: here `{` opens the block: put a record in parentheses
----
f(a: 1)
=>
error: expected `,` or `)`, found `:`
 --> try.nns:1:4
  |
1 | f(a: 1)
  |  ~ ^
  = help: a keyword argument is written `name=value`
----
f(x=1, x=2)
=>
error: expected each keyword once, found `x` again
 --> try.nns:1:8
  |
1 | f(x=1, x=2)
  |        ^
----
fn f(x, x) = 1
=>
error: expected each parameter once, found `x` again
 --> try.nns:1:9
  |
1 | fn f(x, x) = 1
  |         ^
----
fn f(a=1, b) = 2
=>
error: expected a default for `b`, which follows a parameter that has one
 --> try.nns:1:11
  |
1 | fn f(a=1, b) = 2
  |           ^
  = help: put the parameters without default first
----
fn f((a, b)) = 2
=>
error: expected a parameter name, found `(`
 --> try.nns:1:6
  |
1 | fn f((a, b)) = 2
  |      ^
  = help: name the parameter, and take it apart inside
----
fn f(x) => 2
=>
error: expected `=` or `{`, found `=>`
 --> try.nns:1:9
  |
1 | fn f(x) => 2
  |         ^^
  = help: write `fn f(…) = …`, or `f = (…) => …`
----
fn f(x: number) = 2
=>
error: expected a shape such as `[n, d]`, found `number`
 --> try.nns:1:9
  |
1 | fn f(x: number) = 2
  |         ^^^^^^
  = help: only shapes are annotated: `x: [n, d]`, `-> [n]`
----
fn (x) = 2
=>
error: expected a name, found `(`
 --> try.nns:1:4
  |
1 | fn (x) = 2
  |    ^
  = help: a function without a name is written `(x, y) => …`
----
fn f = 2
=>
error: expected `(`, found `=`
 --> try.nns:1:6
  |
1 | fn f = 2
  |      ^
  = help: write `fn f() = …`
----
x[]
=>
error: expected an index, found `]`
 --> try.nns:1:3
  |
1 | x[]
  |   ^
  = help: all elements are `x[:]`
----
x[1
=>
error: expected `,` or `]`, found the end of the text
 --> try.nns:1:4
  |
1 | x[1
  |  ~ ^
(incomplete)
----
1..2..3
=>
error: expected one range, found `..`
 --> try.nns:1:5
  |
1 | 1..2..3
  |     ^^
  = help: steps are written `range(a, b, step)`
----
1 ... 5
=>
error: expected a new line or `;`, found `...`
 --> try.nns:1:3
  |
1 | 1 ... 5
  |   ^^^
  = help: a range is written `a..b` or `a..<b`
----
x.5
=>
error: expected a field name after `.`, found `5`
 --> try.nns:1:2
  |
1 | x.5
  |  ^^
  = help: an element is taken by `x[5]`
----
x.
=>
error: expected a field name after `.`, found the end of the text
 --> try.nns:1:3
  |
1 | x.
  |   ^
----
W '
=>
error: expected a value, found `'`
 --> try.nns:1:3
  |
1 | W '
  |   ^
  = help: the transpose stands right behind its matrix: `W'`
----
a == not b
=>
error: expected a value, found the reserved word `not`
 --> try.nns:1:6
  |
1 | a == not b
  |      ^^^
  = help: put `not …` in parentheses: it binds more loosely
----
+ not b
=>
error: expected a value, found the reserved word `not`
 --> try.nns:1:3
  |
1 | + not b
  |   ^^^
  = help: put `not …` in parentheses: it binds more loosely
----
a + b)
=>
error: expected a new line or `;`, found `)`
 --> try.nns:1:6
  |
1 | a + b)
  |      ^
  = help: no `(` is open here: leave out the `)`, or open one before it
----
foo(a, b
x = 3
=>
error: expected `,` or `)`, found `x`
 --> try.nns:2:1
  |
2 | x = 3
  | ^
  = `(` was opened at 1:4
  = help: a `,` or the closing `)` is missing at the end of the line above
----
layer a {
    x = 3
}
=>
error: expected `param`, `state`, `fn` or `assert`, found `x`
 --> try.nns:2:5
  |
2 |     x = 3
  |     ^
  = help: a field is declared by `param x = …` (trained) or `state x = …` (kept)
----
object a(x) {
    state v
}
=>
error: expected `=`, found the end of the line
 --> try.nns:2:12
  |
2 |     state v
  |            ^
  = help: every field has a first value, for example `state v = none`
----
param W = 3
=>
error: expected a statement, found `param`
 --> try.nns:1:1
  |
1 | param W = 3
  | ^^^^^
  = help: `param` and `state` stand only in an `object` or a `layer`
----
object a { fn f() = 1 fn g() = 2 }
=>
error: expected a new line or `;`, found the reserved word `fn`
 --> try.nns:1:23
  |
1 | object a { fn f() = 1 fn g() = 2 }
  |                       ^^
----
try { }
=>
error: expected `catch`, found the end of the text
 --> try.nns:1:8
  |
1 | try { }
  |        ^
  = help: write `try { … } catch e { … }`
(incomplete)
----
try { } except e { }
=>
error: expected `catch`, found `except`
 --> try.nns:1:9
  |
1 | try { } except e { }
  |         ^^^^^^
  = help: an error is caught by `try { … } catch e { … }`
----
else { }
=>
error: expected a statement, found the reserved word `else`
 --> try.nns:1:1
  |
1 | else { }
  | ^^^^
  = help: `else` stands behind the `}` of its `if`
----
import numpy as np
=>
error: expected a path in quotes, found `numpy`
 --> try.nns:1:8
  |
1 | import numpy as np
  |        ^^^^^
  = help: a file is imported by `import "file.nns"`; arrays, layers and pictures are built in and need no import
----
x
 + b
=>
error: expected a statement, found `+`
 --> try.nns:2:2
  |
2 |  + b
  |  ^
  = help: end the line above with the operator, or put all in `( )`
----
x is none
=>
error: expected `==`, found `is`
 --> try.nns:1:3
  |
1 | x is none
  |   ^^
  = help: equality is written `==`, inequality `!=`
----
let x = 3
=>
error: expected a name, found `let`
 --> try.nns:1:1
  |
1 | let x = 3
  | ^^^
  = help: a name is set with `x = …`
----
class A { }
=>
error: expected `object`, found `class`
 --> try.nns:1:1
  |
1 | class A { }
  | ^^^^^
  = help: an object is written `object name(…) { … }`, a layer `layer name(…) { … }`
----
raise x
=>
error: expected `error(…)`, found `raise`
 --> try.nns:1:1
  |
1 | raise x
  | ^^^^^
  = help: an error is raised by `error("message")`
----
for i in 1:10 { }
=>
error: expected `{`, found `:`
 --> try.nns:1:11
  |
1 | for i in 1:10 { }
  |           ^
  = help: a range is written `a..b` or `a..<b`
----
(a, b => c)
=>
(block (do (list a (lambda ((parameter b)) c))))
----
main { run()
=>
error: expected `}`, found the end of the text
 --> try.nns:1:13
  |
1 | main { run()
  |      ~      ^
(incomplete)
----
fn f(x) {
    if x {
        y
}
=>
error: expected `}`, found the end of the text
 --> try.nns:4:2
  |
4 | }
  |  ^
  = `{` was opened at 1:9
(incomplete)
----
x <- 3
=>
error: expected `=`, found `<-`
 --> try.nns:1:3
  |
1 | x <- 3
  |   ^^
  = help: a name is set with `x = …`; less than a negative is `x < -y`
----
x =
y = 3
=>
error: expected a new line or `;`, found `=`
 --> try.nns:2:3
  |
2 | y = 3
  |   ^
  = help: the line above ends with `=`, so this line continues it
"""#
