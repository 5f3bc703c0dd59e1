// Whole text pictures as they stand in a terminal. The data are made by exact arithmetic.

import Testing
@testable import Plots

private let epochs = (1...24).map(Double.init)
private let train = epochs.map { 2.4 / (1 + $0 * $0 / 16) }
private let validation = epochs.map { 2.2 / (1 + $0 * $0 / 12) + $0 * 0.02 + 0.1 }
private let halves = (0...16).map { Double($0) / 2 }
/// Numbers in 0..<1 from a linear congruence, the same everywhere.
private func noise(_ count: Int, _ seed: UInt64) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6364136223846793005 &+ 1442695040888963407
        return Double(state >> 40) / 16777216
    }
}
/// Sums of uniform numbers: nearly normal.
private func bell(_ count: Int, _ seed: UInt64) -> [Double] {
    let u = noise(count * 6, seed)
    return (0..<count).map { i in (0..<6).reduce(0) { $0 + u[i * 6 + $1] } - 3 }
}

@Test func trainingCurves() {
    let marker = VerticalMarker(x: 8, label: "best epoch 8")
    let plot = LinePlot(series: [Series(name: "train", x: epochs, y: train), Series(name: "validation", x: epochs, y: validation)],
                        options: PlotOptions(title: "Early stopping", xlabel: "epoch", ylabel: "loss", markers: [marker]))
    let result = plot.text(width: 66, style: .ascii, color: false)
    #expect(result == #"""
                                   Early stopping
        loss
        2.5 +                   :
            |  *                :
            |  o*               :
        2.0 +   o**             :
            |    o@             :
            |      @            :
        1.5 +       @*          :
            |        o*         :
            |         o@        :
        1.0 +           @@      :
            |            o@@o   :
            |               @@@ooo                               ooooooo
        0.5 +                  ***@oooooooooooooooooooooooooooooo
            |                   :  *******
            |                   :         ***********************
        0.0 +                   :                               ********
            +-----+----+----+---+----+----+----+----+----+---+----+----+
            0     2    4    6   8    10   12   14   16   18  20   22   24
                                        epoch
             * train   o validation   : best epoch 8   @ both
        """#)
}

@Test func trainingCurvesInBraille() {
    let plot = LinePlot(series: [Series(name: "train", x: epochs, y: train), Series(name: "validation", x: epochs, y: validation)],
                        options: PlotOptions(xlabel: "epoch", height: 9, markers: [VerticalMarker(x: 8, label: "best epoch 8")]))
    let result = plot.text(width: 50, style: .braille, color: false)
    #expect(result == #"""
        3 ┤              ┊
          │  ⡀           ┊
        2 ┤  ⠙⠢⣄         ┊
          │    ⠈⠓⢤⡀      ┊
        1 ┤       ⠙⠒⠤⣀⡀  ┊
          │           ⠉⠑⠚⠳⠤⠶⢄⣐⣂⣐⡒ ⠒ ⠐⠂⠐⠒ ⠒⠂⠐⠂⠐⠒ ⠒⠂⠐⠂⠐⠒
        0 ┤              ┊      ⠈⠉⠉⠉⠉⠉⠉⠉⠉⠉⠓⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒
          └─────────┬────────┬────────┬────────┬────────┬
          0         5        10       15       20       25
                               epoch
           ⠤⠤⠤⠤ train   ⠤ ⠤  validation   ┊ best epoch 8
        """#)
}

@Test func logarithmicAxes() {
    let x = [1.0, 3, 10, 30, 100, 300, 1000]
    let plot = LinePlot(series: [Series(name: "1/n", x: x, y: x.map { 1 / $0 }), Series(name: "1/n^2", x: x, y: x.map { 1 / ($0 * $0) })],
                        options: PlotOptions(title: "Rates", xlabel: "n", logx: true, logy: true))
    let result = plot.text(width: 60, style: .ascii, color: false)
    #expect(result == #"""
                                     Rates
         1e0 +@@*
             |  o@@****
             |     ooo ******
        1e-1 +        oo     *****
             |          ooo       ******
             |             ooo          ******
        1e-2 +                ooo             *****
             |                   ooo               ******
             |                      ooo                  ******
        1e-3 +                         oo                      ***
             |                           ooo
             |                              ooo
        1e-4 +                                 ooo
             |                                    ooo
             |                                       ooo
        1e-5 +                                          oo
             |                                            ooo
             |                                               ooo
        1e-6 +                                                  oo
             +-----------------+----------------+----------------+
             1                 10              100             1000
                                       n
              * 1/n   o 1/n^2   @ both
        """#)
}

@Test func errorBars() {
    let plot = LinePlot(series: [Series(name: "accuracy", x: [1, 2, 3, 4, 5, 6], y: [0.52, 0.7, 0.8, 0.84, 0.86, 0.87],
                                        error: [0.08, 0.07, 0.05, 0.03, 0.02, 0.02], style: .points)])
    let result = plot.text(width: 50, style: .ascii, color: false)
    #expect(result == #"""
        0.9 +                                         -
            |                  -      -       *       *
            |                  |      *       -       -
        0.8 +                  *      -
            |          -       |
            |          |       -
        0.7 +          *
            |          |
            |          -
        0.6 +  -
            |  |
            |  *
        0.5 +  |
            |  |
            |  -
        0.4 +
            +--+-------+-------+------+-------+-------+--
               1       2       3      4       5       6
             * accuracy
        """#)
}

@Test func errorBand() {
    let y = halves.map { $0 * (8 - $0) / 4 }
    let plot = LinePlot(series: [Series(name: "mean", x: halves, y: y, error: halves.map { _ in 0.8 }, errorStyle: .band)],
                        options: PlotOptions(title: "Mean and spread"))
    let result = plot.text(width: 60, style: .ascii, color: false)
    #expect(result == #"""
                             Mean and spread
         5 +
           |                  .............
           |               ...................
         4 +             .......*********.......
           |           .....****.........****.....
           |         .....**.................**.....
         3 +        ....**.........   .........**....
           |      ....**.....               .....**....
           |     ...**.....                   .....**...
         2 +    ...*....                         ....*...
           |   ...*....                           ....*...
           |  ..**...                               ...**..
         1 + ..*...                                   ...*..
           |..*...                                     ...*..
           |.*...                                       ...*.
         0 +*...                                         ...*
           |...                                           ...
           |.                                               .
        -1 +
           +------+-----+-----+-----+-----+-----+-----+-----+
           0      1     2     3     4     5     6     7     8
            * mean
        """#)
}

@Test func gapsWhereNothingCanBeShown() {
    let plot = LinePlot(series: [Series(y: [1, 2, 3, .nan, 3, 2, .infinity, 2, 3, -.infinity, 1])], options: PlotOptions(height: 7))
    let result = plot.text(width: 44, style: .ascii, color: false)
    #expect(result == #"""
        3 +       *      *             *
          |      *        *           *
          |     *          *         *
        2 +   **            **      *
          |  *
          | *
        1 +*                                  *
          +-------+------+------+------+------+
          0       2      4      6      8      10
        """#)
}

@Test func scatterOfClasses() {
    let x = bell(60, 1), y = bell(60, 2)
    let classes = (0..<60).map { $0 % 3 }
    let moved = (0..<60).map { x[$0] + Double(classes[$0]) * 1.5 }
    let result = ScatterPlot(x: moved, y: y, classes: classes, names: ["setosa", "versicolor", "virginica"],
                             options: PlotOptions(title: "Iris", xlabel: "petal length", ylabel: "petal width"))
        .text(width: 64, style: .ascii, color: false)
    #expect(result == #"""
                                       Iris
        petal width
         2 +
           |
           |                                      +
           |                             x
         1 +o                  o      x  x x      x        +
           |      o          o                +                    +
           |        o     o        x   x     x     +            + +
           |  oo    o   o   o           x                ++
         0 + o          o  o     x x                       +
           |o        o          x                     +          +
           |             x           x      x            +         +
           |               o                      +  x +              +
        -1 +                    o       +      x
           |                x                                       +
           |                    o
           |                              +
        -2 +
           +-+---------+----------+----------+----------+----------+---
             -1        0          1          2          3          4
                                   petal length
            o setosa   x versicolor   + virginica
        """#)
}

@Test func histogramByFreedmanAndDiaconis() {
    let result = Histogram(values: bell(500, 3), options: PlotOptions(title: "Weights", xlabel: "w")).text(width: 60, style: .ascii, color: false)
    #expect(result == #"""
                                  Weights
        count
        70 +
           |                           ###
        60 +                  ############
           |                  ############
        50 +               ###############
           |               ###############
        40 +               ##################
           |            #####################
        30 +            #####################
           |            ###########################
        20 +         #################################
           |         #################################
        10 +      #######################################
           |###################################################
         0 +###################################################
           +---+------+------+------+------+-----+------+------
              -1.5   -1.0   -0.5   0.0    0.5   1.0    1.5
                                     w
        """#)
}

@Test func histogramOfLabels() {
    let result = Histogram(values: (0..<90).map { Double($0 % 9 % 4) }, options: PlotOptions(height: 9)).text(width: 46, style: .ascii, color: false)
    #expect(result == #"""
        count
        30 +#########
           |#########
        20 +######### ######### ######### #########
           |######### ######### ######### #########
        10 +######### ######### ######### #########
           |######### ######### ######### #########
         0 +######### ######### ######### #########
           +-----+--------+----------+---------+----
                 0        1          2         3
        """#)
}

@Test func histogramInBlocks() {
    let result = Histogram(values: bell(500, 3), bins: 12, options: PlotOptions(height: 9)).text(width: 50, style: .braille, color: false)
    #expect(result == #"""
        count
        100 ┤
            │            ▆▆▆▁▁▁▆▆▆
            │            █████████
            │            █████████▃▃▃
         50 ┤         ▇▇▇████████████
            │         ███████████████
            │      ▅▅▅██████████████████▇▇▇
            │   ▃▃▃████████████████████████▃▃▃
          0 ┤▇▇▇█████████████████████████████████
            └───────┬─────────┬────────┬─────────
                    -1        0        1
        """#)
}

@Test func barsOfAccuracy() {
    let result = BarChart(labels: ["sgd", "momentum", "adam"], values: [0.91, 0.948, 0.9611], options: PlotOptions(title: "Test accuracy"))
        .text(width: 60, style: .ascii, color: false)
    #expect(result == #"""
                                    Test accuracy
             sgd |######################################### 0.9100
        momentum |########################################## 0.9480
            adam |########################################### 0.9611
        """#)
}

@Test func barsOfBothSigns() {
    let result = BarChart(labels: ["bias", "w1", "w2", "w3"], values: [-1.5, 2, 0, .nan]).text(width: 50, style: .ascii, color: false)
    #expect(result == #"""
        bias -1.5 ###############|
          w1                     |#################### 2.0
          w2                     | 0.0
          w3                     | nan
        """#)
}

@Test func correlations() {
    let result = Heatmap(values: [1, 0.25, -0.5, 0.25, 1, 0.125, -0.5, 0.125, 1], rows: 3, columns: 3, rowLabels: ["sepal", "petal", "stem"],
                         columnLabels: ["sepal", "petal", "stem"], options: PlotOptions(title: "Correlation"))
        .text(width: 60, style: .ascii, color: false)
    #expect(result == #"""
                       Correlation
                 sepal    petal    stem
              +---------------------------+
        sepal |@@  1.000++  0.250   -0.500|
        petal |++  0.250@@  1.000==  0.125|
         stem |   -0.500==  0.125@@  1.000|
              +---------------------------+
               -0.5 [ .:-=+*#%@] 1
        """#)
}

@Test func attention() {
    let words = ["the", "cat", "sat", "down", "."]
    let weights = (0..<25).map { i -> Double in
        let distance: Int = abs(i / 5 - i % 5)
        return 1 / Double(1 + distance)
    }
    let result = Heatmap(values: weights, rows: 5, columns: 5, rowLabels: words, columnLabels: words, showValues: false,
                         options: PlotOptions(title: "Attention"))
        .text(width: 18, style: .ascii, color: false)
    #expect(result == #"""
              Attention
                    d
              t c s o
              h a a w
              e t t n .
             +----------+
         the |@@--..    |
         cat |--@@--..  |
         sat |..--@@--..|
        down |  ..--@@--|
           . |    ..--@@|
             +----------+
        0.2 [ .:-=+*#%@] 1
        """#)
}

@Test func heatmapWithMissingValues() {
    let values = (0..<96).map { i -> Double in
        let product: Int = (i % 16) * (i / 16)
        return i % 17 == 0 ? Double.nan : Double(product)
    }
    let result = Heatmap(values: values, rows: 6, columns: 16, showValues: false)
        .text(width: 40, style: .braille, color: false)
    #expect(result == #"""
           0   2   4   6   8   10  12  14
          ┌────────────────────────────────┐
        0 │??                              │
        1 │  ??          ⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠂⠢⠢⠢⠢│
        2 │    ??  ⠂⠂⠂⠂⠂⠂⠢⠢⠢⠢⠢⠢⠢⠢⠕⠕⠕⠕⠕⠕⠭⠭⠭⠭│
        3 │      ??⠂⠂⠢⠢⠢⠢⠕⠕⠕⠕⠕⠕⠭⠭⠭⠭⠽⠽⠽⠽⡽⡽⡽⡽│
        4 │    ⠂⠂⠂⠂??⠢⠢⠕⠕⠭⠭⠭⠭⠽⠽⠽⠽⡽⡽⣽⣽⣽⣽⣿⣿⣿⣿│
        5 │    ⠂⠂⠢⠢⠢⠢??⠭⠭⠽⠽⠽⠽⡽⡽⣽⣽⣿⣿⣿⣿▓▓████│
          └────────────────────────────────┘
           0 [ ⠂⠢⠕⠭⠽⡽⣽⣿▓█] 75
        """#)
}

@Test func contoursOfAQuadratic() {
    let x = (0...32).map { Double($0) / 8 - 2 }, y = (0...20).map { Double($0) / 10 - 1 }
    let z = y.flatMap { v in x.map { u in u * u + 4 * v * v } }
    let path = Series(name: "descent", x: [-1.75, -1, -0.6, -0.3, -0.1, 0], y: [0.75, -0.5, 0.3, -0.2, 0.1, 0])
    let result = ContourPlot(x: x, y: y, z: z, levels: [0.5, 1, 2, 4, 6], overlays: [path],
                             options: PlotOptions(title: "Loss", xlabel: "w1", ylabel: "w2"))
        .text(width: 66, style: .ascii, color: false)
    #expect(result == #"""
                                        Loss
        w2
         1.0 +      555          4444444444444444444          555
             |   555      4444444                   4444444      555
             |555 *   4444            333333333            4444     555
             |     *44         3333333         3333333         444
         0.5 +   44 *      3333     2222222222222     3333        44
             |  4    *   33     2222  111111111  22222    333       4
             | 4      *33    222 **111         1111  222    33       4
             |4       3*    22  *1 *     *         1   22    33       4
         0.0 +4       3 *   2   *   *   * *         1   2     3       4
             |4       33 *  22 * 1   ***           1   22    33       4
             | 4       33 *  2*2  1111*        1111  222    33       4
             |  4        33* *  2222  111111111  22222    333       4
        -0.5 +   44        3*33     2222222222222     3333        44
             |     444         3333333         3333333         444
             |555     4444            333333333            4444     555
             |   555      4444444                   4444444      555
        -1.0 +      555          4444444444444444444          555
             +-------+------+------+------+------+------+------+------+
            -2.0    -1.5   -1.0   -0.5   0.0    0.5    1.0    1.5    2.0
                                         w1
              1 0.5   2 1   3 2   4 4   5 6   * descent
        """#)
}

@Test func oneImage() {
    let pixels = (0..<64).map { i -> Double in
        let r = Double(i / 8) - 3.5, c = Double(i % 8) - 3.5, d = r * r + c * c - 7
        return 1 / (1 + d * d / 8)
    }
    let result = ImageSheet(pixels: pixels, height: 8, width: 8).text(width: 60, style: .ascii, color: false)
    #expect(result == #"""
        +----------------+
        |    ........    |
        |  ..##@@@@##..  |
        |..##++::::++##..|
        |..@@::....::@@..|
        |..@@::....::@@..|
        |..##++::::++##..|
        |  ..##@@@@##..  |
        |    ........    |
        +----------------+
        """#)
}

@Test func sheetOfImages() {
    let pixels = (0..<180).map { i -> Double in
        let row: Int = i % 36 / 6, image: Int = i / 36
        return Double((row * image + i) % 6)
    }
    let result = ImageSheet(pixels: pixels, count: 5, height: 6, width: 6, titles: ["0", "1", "2", "3", "4"], options: PlotOptions(title: "Filters"))
        .text(width: 62, style: .ascii, color: false)
    #expect(result == #"""
                                   Filters
              0               1               2               3
        +------------+  +------------+  +------------+  +------------+
        |  ::==**%%@@|  |  ::==**%%@@|  |  ::==**%%@@|  |  ::==**%%@@|
        |  ::==**%%@@|  |::==**%%@@  |  |==**%%@@  ::|  |**%%@@  ::==|
        |  ::==**%%@@|  |==**%%@@  ::|  |%%@@  ::==**|  |  ::==**%%@@|
        |  ::==**%%@@|  |**%%@@  ::==|  |  ::==**%%@@|  |**%%@@  ::==|
        |  ::==**%%@@|  |%%@@  ::==**|  |==**%%@@  ::|  |  ::==**%%@@|
        |  ::==**%%@@|  |@@  ::==**%%|  |%%@@  ::==**|  |**%%@@  ::==|
        +------------+  +------------+  +------------+  +------------+
              4
        +------------+
        |  ::==**%%@@|
        |%%@@  ::==**|
        |==**%%@@  ::|
        |  ::==**%%@@|
        |%%@@  ::==**|
        |==**%%@@  ::|
        +------------+
        """#)
}

@Test func decisionBoundary() {
    let predicted = (0..<41 * 61).map { i -> Int in
        let y = Double(i / 61) / 10 - 2, x = Double(i % 61) / 15 - 2
        return y > x * x - 1 ? 1 : 0
    }
    let x = bell(40, 5), y = bell(40, 6)
    let classes = (0..<40).map { y[$0] > x[$0] * x[$0] - 1 ? 1 : 0 }
    let result = BoundaryPlot(xRange: -2...2, yRange: -2...2, rows: 41, columns: 61, predicted: predicted, points: (x, y, classes),
                              names: ["outside", "inside"], options: PlotOptions(title: "Decision boundary"))
        .text(width: 64, style: .ascii, color: false)
    #expect(result == #"""
                                Decision boundary
         2 +.....                                               .....
           |......                                             ......
           |.......                                           .......
           |........                    x    x   x           ........
         1 +.........        x x            xx x            .........
           |........o..    x      x  xx          x x      ...........
           |............ x      x           x            ............
         0 +............o.. xx  x    x  x x        x  ...............
           |.................      x  x          xx .................
           |..................o.                 .o..................
           |...............o........    x    .o......................
        -1 +.........................................................
           |..........................o..............................
           |.........................................................
        -2 +.........................................................
           |                                 o
           +-------+------+------+------+------+------+------+------+
          -2.0    -1.5   -1.0   -0.5   0.0    0.5    1.0    1.5    2.0
            o outside (area .)   x inside (area blank)
        """#)
}

@Test func confusionOfThreeClasses() {
    let result = ConfusionMatrix(counts: [10, 0, 0, 0, 9, 1, 0, 2, 8], names: ["setosa", "versicolor", "virginica"]).text()
    #expect(result == #"""
        true \ predicted  setosa  versicolor  virginica  total  recall
        ----------------  ------  ----------  ---------  -----  ------
        setosa                10           0          0     10  1.00
        versicolor             0           9          1     10  0.90
        virginica              0           2          8     10  0.80
        total                 10          11          9     30
        accuracy 0.9000 (27 of 30)
        """#)
}

@Test func tableWithDecimals() {
    let result = TextTable(header: ["optimizer", "rate", "accuracy", "epochs"], rows: [
        [.text("sgd"), .number(0.1), .number(0.9123), .number(40)],
        [.text("adam"), .number(0.001), .number(0.95), .number(120)],
        [.text("none"), .empty, .number(.nan)],
    ], options: PlotOptions(title: "Runs")).text()
    #expect(result == #"""
                       Runs
        optimizer   rate  accuracy  epochs
        ---------  -----  --------  ------
        sgd        0.1      0.9123      40
        adam       0.001    0.95       120
        none                   nan
        """#)
}

@Test func wideTableInParts() {
    let rows: [[TableCell]] = [[.text("first")] + (0..<6).map { .number(Double($0) * 1234.5) }, [.text("second")] + (0..<6).map { .number(Double($0)) }]
    let result = TextTable(header: ["name", "alpha", "beta", "gamma", "delta", "epsilon", "zeta"], rows: rows).text(width: 40, style: .ascii, color: false)
    #expect(result == #"""
        name    alpha    beta  gamma   delta
        ------  -----  ------  -----  ------
        first       0  1234.5   2469  3703.5
        second      0     1        2     3

        name    epsilon    zeta
        ------  -------  ------
        first      4938  6172.5
        second        4     5
        """#)
}

@Test func twoPlotsAbreast() {
    let left = LinePlot(series: [Series(y: train)], options: PlotOptions(title: "train", height: 7))
    let right = LinePlot(series: [Series(y: validation)], options: PlotOptions(title: "validation", height: 7))
    let result = PictureGrid([left, right], title: "Loss").text(width: 76, style: .ascii, color: false)
    #expect(result == #"""
                                            Loss

                        train                                validation
        3 +                                    2 +*
          |*                                     | *
        2 + *                                    |  **
          |  **                                  |    **
        1 +    ***                               |      *******          *********
          |       ********                       |            ***********
        0 +               *****************    0 +
          +-------+-----+------+------+----      +-------+-----+------+------+----
          0       5     10     15     20         0       5     10     15     20
        """#)
}

@Test func narrow() {
    let plot = LinePlot(series: [Series(name: "train", x: epochs, y: train), Series(name: "validation", x: epochs, y: validation)],
                        options: PlotOptions(title: "Early stopping", xlabel: "epoch", height: 8))
    let result = plot.text(width: 24, style: .ascii, color: false)
    #expect(result == #"""
              Early stopping
        3 +
          | *
        2 + @@
          |  @*
        1 +   @@o
          |     @@@@@oooooooooo
        0 +          **********
          +--------+-------+---
          0        10      20
                  epoch
           * train
           o validation   @ both
        """#)
}

@Test func nothingToShow() {
    let result = LinePlot(series: [], options: PlotOptions(title: "Nothing", height: 5)).text(width: 40, style: .ascii, color: false)
    #expect(result == #"""
                          Nothing
        1.0 +
            |
        0.5 +
            |
        0.0 +
            +---------------------------------+
            0                                 1
             (nothing to show)
        """#)
}

@Test func whatALogarithmicAxisLeavesOut() {
    let result = LinePlot(series: [Series(y: [-1, 0, 10, 100])], options: PlotOptions(logy: true, height: 3)).text(width: 60, style: .ascii, color: false)
    #expect(result.hasSuffix("(2 points at or below 0 left out)"))
}

@Test func anImageInColour() {
    // Red, green, blue and white: in characters by lightness, in a terminal's colours as they are.
    let image = ImageSheet(pixels: [1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1], inColor: true, height: 1, width: 4, range: 0...1)
    #expect(image.text(width: 20, style: .ascii, color: false) == """
        +--------+
        |::++..@@|
        +--------+
        """)
    let painted = image.text(width: 20, style: .ascii, color: true)
    #expect([196, 46, 21, 231].allSatisfy { painted.contains("48;5;\($0)m") })
}

@Test func aConstant() {
    let result = LinePlot(series: [Series(name: "accuracy", x: [1, 2, 3], y: [0.5, 0.5, 0.5])], options: PlotOptions(height: 5)).text(width: 40, style: .ascii, color: false)
    #expect(result == #"""
        0.55 +
             |
        0.50 +*********************************
             |
        0.45 +
             +----------------+---------------+
             1                2               3
              * accuracy
        """#)
}
