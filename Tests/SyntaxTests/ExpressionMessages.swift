/// Wrong programs and their messages: expressions, literals and slips from other languages.
///
/// Each entry is a program, a line `=>`, and the whole message (`(incomplete)` behind it where the prompt would
/// go on reading); entries are parted by `----`.
let wrongExpressions = #"""
x = 3 +
=>
error: expected a value, found the end of the text
 --> try.nns:1:8
  |
1 | x = 3 +
  |        ^
(incomplete)
----
f(a, b
=>
error: expected `,` or `)`, found the end of the text
 --> try.nns:1:7
  |
1 | f(a, b
  |  ~    ^
(incomplete)
----
if x = 3 { }
=>
error: expected `{`, found `=`
 --> try.nns:1:6
  |
1 | if x = 3 { }
  |      ^
  = help: did you mean `==`?
----
while x = 3 { }
=>
error: expected `{`, found `=`
 --> try.nns:1:9
  |
1 | while x = 3 { }
  |         ^
  = help: did you mean `==`?
----
a < b < c
=>
error: expected one comparison, found a chain of two
 --> try.nns:1:7
  |
1 | a < b < c
  |   ~   ^
  = help: write `a < b and b < c`
----
0 <= f(x) < len(y)
=>
error: expected one comparison, found a chain of two
 --> try.nns:1:11
  |
1 | 0 <= f(x) < len(y)
  |   ~~      ^
  = help: write `0 <= f(x) and f(x) < …`
----
[a -b]
=>
error: expected `,` before `-b`
 --> try.nns:1:4
  |
1 | [a -b]
  |    ^
  = help: write `a, -b` for two elements, `a - b` for one
----
[1, f(x) +1]
=>
error: expected `,` before `+1`
 --> try.nns:1:10
  |
1 | [1, f(x) +1]
  |          ^
  = help: write `f(x), +1` for two elements, `f(x) + 1` for one
----
[1 2]
=>
error: expected `,` or `]`, found `2`
 --> try.nns:1:4
  |
1 | [1 2]
  | ~  ^
  = help: elements are separated by commas
----
[[1, 2] [3, 4]]
=>
error: expected `,` or `]`, found `[`
 --> try.nns:1:9
  |
1 | [[1, 2] [3, 4]]
  |         ^
  = help: elements are separated by commas; an index stands right behind its name
----
[1, 2; 3, 4]
=>
error: expected `,` or `]`, found `;`
 --> try.nns:1:6
  |
1 | [1, 2; 3, 4]
  | ~    ^
  = help: rows are written `[[1, 2], [3, 4]]`
----
def f(x):
    return x
=>
error: expected `fn`, found `def`
 --> try.nns:1:1
  |
1 | def f(x):
  | ^^^
  = help: a function is written `fn f(x) { … }` or `fn f(x) = …`
----
map(lambda x: x + 1)
=>
error: expected a value, found `lambda`
 --> try.nns:1:5
  |
1 | map(lambda x: x + 1)
  |    ~^^^^^^
  = help: a function within an expression is written `x => …`
----
if x > 3:
    y
=>
error: expected `{`, found `:`
 --> try.nns:1:9
  |
1 | if x > 3:
  |         ^
  = help: a block stands in braces: `{ … }`
----
elif x { }
=>
error: expected `else if`, found `elif`
 --> try.nns:1:1
  |
1 | elif x { }
  | ^^^^
  = help: write `else if`, as in `if a { } else if b { } else { }`
----
if a { }
else: b
=>
error: expected `{`, found `:`
 --> try.nns:2:5
  |
2 | else: b
  |     ^
  = help: a block stands in braces: `{ … }`
----
x = a ? b : c
=>
error: expected a value or an operator, found `?`
 --> try.nns:1:7
  |
1 | x = a ? b : c
  |       ^
  = help: write `if c { a } else { b }` for a choice; at the prompt, `?name` asks for help
----
x ** 2
=>
error: expected `^`, found `**`
 --> try.nns:1:3
  |
1 | x ** 2
  |   ^^
  = help: write `^`, as in `x^2`
----
a && b
=>
error: expected `and`, found `&&`
 --> try.nns:1:3
  |
1 | a && b
  |   ^^
  = help: write `and`; for bool tensors `&`
----
a || b
=>
error: expected `or`, found `||`
 --> try.nns:1:3
  |
1 | a || b
  |   ^^
  = help: write `or`; for bool tensors `|`
----
if !x { }
=>
error: expected a value or an operator, found `!`
 --> try.nns:1:4
  |
1 | if !x { }
  |    ^
  = help: write `not `, as in `not x`; unequal is `!=`
----
while True { }
=>
error: expected a value, found `True`
 --> try.nns:1:7
  |
1 | while True { }
  |       ^^^^
  = help: write `true`
----
x = None
=>
error: expected a value, found `None`
 --> try.nns:1:5
  |
1 | x = None
  |     ^^^^
  = help: write `none`
----
print('hi')
=>
error: expected a string in double quotes, found one in single quotes
 --> try.nns:1:7
  |
1 | print('hi')
  |       ^^^^
  = help: write `"hi"`
----
print "hi"
=>
error: expected `print(…)`, found `print`
 --> try.nns:1:1
  |
1 | print "hi"
  | ^^^^^
  = help: a function is called with parentheses
----
x = 3 // the third of them
=>
error: expected a new line or `;`, found `third`
 --> try.nns:1:14
  |
1 | x = 3 // the third of them
  |              ^^^^^
  = help: `//` divides and rounds down; a comment begins with `#`
----
// a comment
=>
error: expected a statement, found `//`
 --> try.nns:1:1
  |
1 | // a comment
  | ^^
  = help: a comment begins with `#`
----
/* a comment */
=>
error: expected a value, found `/*`
 --> try.nns:1:1
  |
1 | /* a comment */
  | ^^
  = help: a comment begins with `#` and ends with its line
----
% a comment
=>
error: expected a statement, found `%`
 --> try.nns:1:1
  |
1 | % a comment
  | ^
  = help: a comment begins with `#`
----
x++
=>
error: expected a value, found `++`
 --> try.nns:1:1
  |
1 | x++
  | ^^^
  = help: write `x += 1`
----
.5
=>
error: expected a digit before the point, found `.5`
 --> try.nns:1:1
  |
1 | .5
  | ^^
  = help: write `0.5`
----
1.
=>
error: expected a digit after the point of `1.`
 --> try.nns:1:1
  |
1 | 1.
  | ^^
  = help: write `1` or `1.0`
----
1.2.3
=>
error: expected one point in a number, found `.3` behind it
 --> try.nns:1:4
  |
1 | 1.2.3
  |    ^^
----
2x
=>
error: expected an operator between `2` and `x`
 --> try.nns:1:1
  |
1 | 2x
  | ^^
  = help: a product is written `2 * x`
----
0b101
=>
error: expected an operator between `0` and `b101`
 --> try.nns:1:1
  |
1 | 0b101
  | ^^^^^
  = help: numbers are decimal, or hexadecimal as `0xff`
----
1e
=>
error: expected an operator between `1` and `e`
 --> try.nns:1:1
  |
1 | 1e
  | ^^
  = help: an exponent needs digits, as in `1e3`
----
1_
=>
error: expected an operator between `1` and `_`
 --> try.nns:1:1
  |
1 | 1_
  | ^^
  = help: `_` stands only between two digits
----
1e999
=>
error: expected a number below 1.8e308
 --> try.nns:1:1
  |
1 | 1e999
  | ^^^^^
  = help: infinity is written `inf`
----
x = "abc
y = 2
=>
error: expected `"` at the end of the string, found the end of the line
 --> try.nns:1:5
  |
1 | x = "abc
  |     ^^^^
  = help: a string over several lines is written between `"""`
----
"{a
y
=>
error: expected `}` and the end of the string, found the end of the line
 --> try.nns:1:1
  |
1 | "{a
  | ^^^
  = help: a brace in a string is written `{{`
  = help: a string over several lines is written between `"""`
----
"{a"
=>
error: expected `}` and the end of the string, found the end of the text
 --> try.nns:1:1
  |
1 | "{a"
  | ^^^^
  = help: a brace in a string is written `{{`
  = help: a string over several lines is written between `"""`
----
x = """abc
=>
error: expected `"""` at the end of the string, found the end of the text
 --> try.nns:1:5
  |
1 | x = """abc
  |     ^^^^^^
(incomplete)
----
"\q"
=>
error: expected an escape, found `\` and `q`
 --> try.nns:1:2
  |
1 | "\q"
  |  ^^
  = help: a backslash is written `\\`; escapes are `\n \t \" \\ \u{…}`
----
"\u{110000}"
=>
error: expected `\u{…}` with the number of a character in hexadecimal
 --> try.nns:1:2
  |
1 | "\u{110000}"
  |  ^^^^^^^^^^
  = help: for example `\u{3b8}` for θ
----
"a}"
=>
error: expected `}}` for a brace in a string, found `}`
 --> try.nns:1:3
  |
1 | "a}"
  |   ^
  = help: `{expr}` puts a value in; braces themselves are doubled
----
"{}"
=>
error: expected a value, found `}`
 --> try.nns:1:3
  |
1 | "{}"
  |   ^
  = help: braces in a string are doubled: `{{}}`
----
"{x=}"
=>
error: expected `}`, found `=`
 --> try.nns:1:4
  |
1 | "{x=}"
  |  ~ ^
  = help: write `x={x}`
----
"{x!r}"
=>
error: expected a value or an operator, found `!`
 --> try.nns:1:4
  |
1 | "{x!r}"
  |    ^
  = help: write `not `, as in `not x`; unequal is `!=`
----
"{x:{w}}"
=>
error: expected `}` behind the format
 --> try.nns:1:4
  |
1 | "{x:{w}}"
  |    ^
  = help: a format is written out, as in `{x:8.3f}`
----
"{a b}"
=>
error: expected `}`, found `b`
 --> try.nns:1:5
  |
1 | "{a b}"
  |  ~  ^
----
in = 3
=>
error: expected a name, found the reserved word `in`
 --> try.nns:1:1
  |
1 | in = 3
  | ^^
  = help: `in` cannot be set: it is a reserved word
----
for = 3
=>
error: expected a name, found the reserved word `for`
 --> try.nns:1:1
  |
1 | for = 3
  | ^^^
  = help: `for` cannot be set: it is a reserved word
----
fn for(x) = x
=>
error: expected a name, found the reserved word `for`
 --> try.nns:1:4
  |
1 | fn for(x) = x
  |    ^^^
  = help: `for` is a reserved word
----
fn f(if) = x
=>
error: expected a parameter name, found the reserved word `if`
 --> try.nns:1:6
  |
1 | fn f(if) = x
  |      ^^
  = help: `if` is a reserved word
----
x² + 1
=>
error: expected a value or an operator, found `²`
 --> try.nns:1:2
  |
1 | x² + 1
  |  ^
  = help: write `^2`
----
a × b
=>
error: expected a value or an operator, found `×`
 --> try.nns:1:3
  |
1 | a × b
  |   ^
  = help: write `*` for the elementwise product, `@` for the matrix product
"""#
