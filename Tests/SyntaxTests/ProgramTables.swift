/// Programs and their trees: what the language means, in the order of its description.
///
/// Each entry is a program, a line `=>`, and `Tree.description`; entries are parted by `----`.
let programsAndTrees = #"""
data = digits()                                   # 1797 images
{train, validation, test} = split(data, [0.6, 0.2, 0.2])
=>
(block (assign data (call digits)) (assign (recordPattern train validation test) (call split data (bracket 0.6 0.2 0.2))))
----
net = conv(8, 3, pad=1) >> relu >> flatten >> dense(10)
=>
(block (assign net (compose (compose (compose (call conv 8 3 (keyword pad 1)) relu) flatten) (call dense 10))))
----
run = fit(net, train, validate=validation, loss=cross_entropy,
          penalty=l2(1e-4), epochs=40)
plot(run)
=>
(block (assign run (call fit net train (keyword validate validation) (keyword loss cross_entropy) (keyword penalty (call l2 0.0001)) (keyword epochs 40))) (do (call plot run)))
----
print("test accuracy {accuracy(net, test):.4f}")
=>
(block (do (call print (interpolated "test accuracy " (interpolation ".4f" (call accuracy net test))))))
----
fn objective(net, x, y) = cross_entropy(net(x), y) + l2(1e-4)(net)
=>
(block (fn objective ((parameter net) (parameter x) (parameter y)) (add (call cross_entropy (call net x) y) (call (call l2 0.0001) net))))
----
for epoch in 1..10 {
    for b in batches(train, 32) {
        {value, grads} = value_and_grad(objective)(net, b.x, b.y)
        opt.step(net, grads)
    }
}
=>
(block (for ((forClause epoch (.. 1 10))) (block (for ((forClause b (call batches train 32))) (block (assign (recordPattern value grads) (call (call value_and_grad objective) net (field x b) (field y b))) (do (call (field step opt) net grads)))))))
----
## Fully connected layer.
layer dense(units, bias=true, init=glorot) {
    param W = init(units, size(x, -1))        # [units, inputs]
    param b = if bias { zeros(units) } else { none }
    fn forward(x) = linear(x, W, b)
}
=>
(block (layer dense ((parameter units) (parameter bias = true) (parameter init = glorot)) (members (param W (call init units (call size x (negate 1)))) (param b (if bias (block (do (call zeros units))) (block (do none)))) (fn forward ((parameter x)) (call linear x W b)))))
----
object momentum(rate, μ=0.9) {
    state v = none
    fn step(net, grads) {
        v = if v == none { grads } else { μ * v + grads }
        update(net, (w, v) => w - rate * v, v)
    }
}
=>
(block (object momentum ((parameter rate) (parameter μ = 0.9)) (members (state v none) (fn step ((parameter net) (parameter grads)) (block (assign v (if (equal v none) (block (do grads)) (block (do (add (multiply μ v) grads))))) (do (call update net (lambda ((parameter w) (parameter v)) (subtract w (multiply rate v))) v)))))))
----
object counter { state n = 0; fn next() { n += 1 }; assert n == 0, "fresh" }
=>
(block (object counter () (members (state n 0) (fn next () (block (update add n 1))) (assert (equal n 0) "fresh"))))
----
fn score(x: [n, d], W: [k, d]) -> [n, k] = x @ W'
=>
(block (fn score ((parameter x (shape n d)) (parameter W (shape k d))) (shape n k) (matmul x (transpose W))))
----
fn f(x: [..., 3] = none, rest..., k=2) { return }
=>
(block (fn f ((parameter x (shape ... 3) = none) (rest rest) (parameter k = 2)) (block (return))))
----
fn f(x, k=2) = x^k
=>
(block (fn f ((parameter x) (parameter k = 2)) (power x k)))
----
1 + 2 * 3 - 4 / 5
=>
(block (do (subtract (add 1 (multiply 2 3)) (divide 4 5))))
----
a - b - c; a @ b % c // d
=>
(block (do (subtract (subtract a b) c)) (do (floorDivide (modulo (matmul a b) c) d)))
----
-2^2; 2^-1; 2^3^2; -x'; not not a; -a * b; - -a; +a
=>
(block (do (negate (power 2 2))) (do (power 2 (negate 1))) (do (power 2 (power 3 2))) (do (negate (transpose x))) (do (not (not a))) (do (multiply (negate a) b)) (do (negate (negate a))) (do a))
----
a or b and not c == d
=>
(block (do (or a (and b (not (equal c d))))))
----
x in xs; x not in xs; not x in xs
=>
(block (do (isIn x xs)) (do (not (isIn x xs))) (do (not (isIn x xs))))
----
a | b & c == d
=>
(block (do (elementOr a (elementAnd b (equal c d)))))
----
1..n - 1; 0..<len(x) + 1; for i in -1..1 { }
=>
(block (do (.. 1 (subtract n 1))) (do (..< 0 (add (call len x) 1))) (for ((forClause i (.. (negate 1) 1))) (block)))
----
x |> f |> g(2) ; f >> g >> h
=>
(block (do (pipe (pipe x f) (call g 2))) (do (compose (compose f g) h)))
----
xs |> map(f) >> g or h
=>
(block (do (pipe xs (compose (call map f) (or g h)))))
----
f = x => x + 1
g = (x, y) => { x; y }
h = () => {}
k = (x, n=2, rest...) => {a: x, b: n}
=>
(block (assign f (lambda ((parameter x)) (add x 1))) (assign g (lambda ((parameter x) (parameter y)) (block (do x) (do y)))) (assign h (lambda () (block))) (assign k (lambda ((parameter x) (parameter n = 2) (rest rest)) (record (entry a x) (entry b n)))))
----
x => y => x + y
=>
(block (do (lambda ((parameter x)) (lambda ((parameter y)) (add x y)))))
----
f >> x => x + 1 >> g
=>
(block (do (compose f (lambda ((parameter x)) (compose (add x 1) g)))))
----
x => {z: 1}; y => {"z": 1}; x => { z }
=>
(block (do (lambda ((parameter x)) (record (entry z 1)))) (do (lambda ((parameter y)) (record (entry z 1)))) (do (lambda ((parameter x)) (block (do z)))))
----
(); (x,); (1, "a", relu); (x)
=>
(block (do (list)) (do (list x)) (do (list 1 "a" relu)) (do (paren x)))
----
[]; [1, 2]; [[1, 2], [3, 4],]; [a - b, a-b, -b, a, -b]
=>
(block (do (bracket)) (do (bracket 1 2)) (do (bracket (bracket 1 2) (bracket 3 4))) (do (bracket (subtract a b) (subtract a b) (negate b) a (negate b))))
----
[x^2 for x in 1..5]
=>
(block (do (comprehension (power x 2) (forClause x (.. 1 5)))))
----
[(x, y) for (x, y) in zip(a, b) if x > 0 for z in y if z]
=>
(block (do (comprehension (list x y) (forClause (listPattern x y) (call zip a b)) (ifClause (greater x 0)) (forClause z y) (ifClause z))))
----
r = {rate: 0.1, name: "a", "two words": 2, if: 3}
s = {z, a}
t = {}
u = {
  z: 1,
  a: 2,
}
=>
(block (assign r (record (entry rate 0.1) (entry name "a") (entry two words 2) (entry if 3))) (assign s (record (entry z) (entry a))) (assign t (record)) (assign u (record (entry z 1) (entry a 2))))
----
{a: 1}.a; {"b": 2}
=>
(block (do (field a (record (entry a 1)))) (do (record (entry b 2))))
----
{ x = 1; x }
=>
(block (do (block (assign x 1) (do x))))
----
{}
=>
(block (do (block)))
----
r.rate; r["rate"]; net[0].W; net["0.W"] = 3
=>
(block (do (field rate r)) (do (index r "rate")) (do (field W (index net 0))) (assign (index net "0.W") 3))
----
x[i]; x[-1]; x[1:3]; x[::2]; x[::-1]; x[:, 0]; x[..., 0]; x[:, none]; x[a:, :b]; x[1:2:3]; x[mask]; x[1..3]
=>
(block (do (index x i)) (do (index x (negate 1))) (do (index x (slice 1 3 _))) (do (index x (slice _ _ 2))) (do (index x (slice _ _ (negate 1)))) (do (index x (slice _ _ _) 0)) (do (index x ... 0)) (do (index x (slice _ _ _) none)) (do (index x (slice a _ _) (slice _ b _))) (do (index x (slice 1 2 3))) (do (index x mask)) (do (index x (.. 1 3))))
----
x[0, 1] = 5; r.f = v; x += 1; x[i] -= 2; r.f *= 3; x /= 4
=>
(block (assign (index x 0 1) 5) (assign (field f r) v) (update add x 1) (update subtract (index x i) 2) (update multiply (field f r) 3) (update divide x 4))
----
(a, b) = pair; (a,) = xs; ((a, b), c[0], r.f) = z; () = none; (x) = 3; ({a, b}, c) = d
=>
(block (assign (listPattern a b) pair) (assign (listPattern a) xs) (assign (listPattern (listPattern a b) (index c 0) (field f r)) z) (assign (listPattern) none) (assign x 3) (assign (listPattern (recordPattern a b) c) d))
----
if c { 1 } else if d { 2 } else { 3 }
=>
(block (do (if c (block (do 1)) (if d (block (do 2)) (block (do 3))))))
----
if c { 1 }
else if d { 2 }

else { 3 }
x = if a { b } else { c } + 1
=>
(block (do (if c (block (do 1)) (if d (block (do 2)) (block (do 3))))) (assign x (add (if a (block (do b)) (block (do c))) 1)))
----
while i < 3 { i += 1; if i == 2 { continue }; break }
=>
(block (while (less i 3) (block (update add i 1) (do (if (equal i 2) (block (continue)))) (break))))
----
for (k, v) in record { print(k) }
for i in a, j in b { print(i, j) }
for {a, b} in rs { }
=>
(block (for ((forClause (listPattern k v) record)) (block (do (call print k)))) (for ((forClause i a) (forClause j b)) (block (do (call print i j)))) (for ((forClause (recordPattern a b) rs)) (block)))
----
import "file.nns"
import "lib/other.nns" as m
=>
(block (import "file.nns") (import "lib/other.nns" m))
----
main { run() }
=>
(block (main (block (do (call run)))))
----
main = 3; test = 4; layer = 5; object = test + main; state(param); test(1); as = 2
=>
(block (assign main 3) (assign test 4) (assign layer 5) (assign object (add test main)) (do (call state param)) (do (call test 1)) (assign as 2))
----
x = try { f() } catch e { e.message }
try { g() }
catch { 0 }
=>
(block (assign x (try e (block (do (call f))) (block (do (field message e))))) (do (try _ (block (do (call g))) (block (do 0)))))
----
assert all(x == y), "why {x}"
assert x
=>
(block (assert (call all (equal x y)) (interpolated "why " (interpolation x))) (assert x))
----
test "adds up" { assert 1 + 1 == 2 }
=>
(block (test "adds up" (block (assert (equal (add 1 1) 2)))))
----
return; fn f() { return 1 }; return (a, b)
=>
(block (return) (fn f () (block (return 1))) (return (list a b)))
----
"a\n\t\"\\\u{3b8}"; "{{}}"; "{a}{b:>8.3f} and {f("x", {k: 1}, y[1:2]):+}"
=>
(block (do "a\n\t\"\\θ") (do "{}") (do (interpolated (interpolation a) (interpolation ">8.3f" b) " and " (interpolation "+" (call f "x" (record (entry k 1)) (index y (slice 1 2 _)))))))
----
"""
two "quoted" lines
{x}"""
=>
(block (do (interpolated "\ntwo \"quoted\" lines\n" (interpolation x))))
----
"{"{"deep"}"}"; "{ {a: 1} }"
=>
(block (do (interpolated (interpolation (interpolated (interpolation "deep"))))) (do (interpolated (interpolation (record (entry a 1))))))
----
1_000; 0xff; 1e-3; 1.5E+2; 0.1; 123456789012345678; 0.30000000000000004
=>
(block (do 1000) (do 255) (do 0.001) (do 150) (do 0.1) (do 123456789012345680) (do 0.30000000000000004))
----
λ₁ = 2; ∇f = ∂; x̂ = é'; x₀''
=>
(block (assign λ₁ 2) (assign ∇f ∂) (assign x̂ (transpose é)) (do (transpose (transpose x₀))))
----
f(in=1, not=2, x=3).for.none
=>
(block (do (field none (field for (call f (keyword in 1) (keyword not 2) (keyword x 3))))))
----
x = a +
    b
y =
    c
f = z =>
    z
assert a,
    "b"
(p
 - q)
[m
 ,n]
=>
(block (assign x (add a b)) (assign y c) (assign f (lambda ((parameter z)) z)) (assert a "b") (do (paren (subtract p q))) (do (bracket m n)))
----
x = data
    |> f
    # between
    |> g
    .name
    .call(1)
net = a
    >> b
=>
(block (assign x (pipe (pipe data f) (call (field call (field name g)) 1))) (assign net (compose a b)))
----
f(x)
(a, b) = c
[d]
-e
=>
(block (do (call f x)) (assign (listPattern a b) c) (do (bracket d)) (do (negate e)))
----
f(x => {
    y = x
    y
    -1
}, [
    1,
    2])
=>
(block (do (call f (lambda ((parameter x)) (block (assign y x) (do y) (do (negate 1)))) (bracket 1 2))))
----
if (a
    and b) { }
if any([x > 1 for x in xs]) { y }
while f({a: 1}) { }
=>
(block (do (if (paren (and a b)) (block))) (do (if (call any (comprehension (greater x 1) (forClause x xs))) (block (do y)))) (while (call f (record (entry a 1))) (block)))
----
fn f() = {a, b}
fn g()
{
    1
}
=>
(block (fn f () (record (entry a) (entry b))) (fn g () (block (do 1))))
----
x;
y = 1;  # silent
z; w
=>
(block (do x ;) (assign y 1 ;) (do z) (do w))
----
#!/usr/bin/env nns
x
=>
(block (do x))
----
f()(1)[2].a'.b'
=>
(block (do (transpose (field b (transpose (field a (index (call (call f) 1) 2)))))))
----
a.b |> c.d(e)
=>
(block (do (pipe (field b a) (call (field d c) e))))
"""#
