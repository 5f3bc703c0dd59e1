// SVG of the pictures without axes: bars, heatmaps, images, tables and grids of pictures.

extension BarChart {
    public func svgContent(width: Int, height: Int) -> SVGContent {
        let w = Double(width), title = SVG.title(options.title, x: w / 2, width: w - 20)
        var top = options.title.isEmpty ? 12 : title.bottom
        var out = title.elements
        if !options.ylabel.isEmpty {
            out += SVG.text(SVG.fit(options.ylabel, w - 24), 12, top + 10)
            top += 22
        }
        let names = values.indices.map { SVG.fit(label($0), w * 0.35) }
        let left = 12 + (names.map { SVG.width($0) }.max() ?? 0) + 8
        guard !values.isEmpty else {
            return SVGContent(elements: out + SVG.text("(empty)", 12, top + 14), width: width, height: Int(top) + 30)
        }
        let (low, high) = extent, numbers = written
        let numberWidth = (numbers.map { SVG.width($0) }.max() ?? 0) + 8
        let room = max(w - left - 12 - numberWidth * (low < 0 ? 2 : 1), 20)
        let span = high / 2 - low / 2
        func pixels(_ v: Double) -> Double { span > 0 && v.isFinite ? v / 2 / span * room : 0 }
        let zero = left + (low < 0 ? numberWidth - pixels(low) : 0)
        let step = min(max((Double(height) - top - 30) / Double(max(values.count, 1)), 22), 40)
        for (i, v) in values.enumerated() {
            let y = top + Double(i) * step, length = pixels(v)
            out += SVG.text(names[i], left - 8, y + step / 2 + 4.5, .end)
            out += SVG.rect(min(zero, zero + length), y + 3, abs(length), step - 6, css: "box \(SVG.color(0))")
            out += length < 0 ? SVG.text(numbers[i], zero + length - 5, y + step / 2 + 4.5, .end)
                : SVG.text(numbers[i], zero + length + 5, y + step / 2 + 4.5)
        }
        let bottom = top + Double(values.count) * step
        out += SVG.path("M\(SVG.n(zero)) \(SVG.n(top))V\(SVG.n(bottom))", css: "axis")
        var end = bottom + 10
        if !options.xlabel.isEmpty {
            end += 20
            out += SVG.text(SVG.fit(options.xlabel, w - 20), w / 2, end - 6, .middle)
        }
        return SVGContent(elements: out, width: width, height: Int(end.rounded(.up)))
    }
}

extension Heatmap {
    public func svgContent(width: Int, height: Int) -> SVGContent {
        let w = Double(width), title = SVG.title(options.title, x: w / 2, width: w - 20)
        var out = "", top = options.title.isEmpty ? 12 : title.bottom
        guard grid.rows > 0, grid.columns > 0 else {
            return SVGContent(elements: title.elements + SVG.text("(empty)", w / 2, top + 14, .middle), width: width, height: Int(top) + 30)
        }
        let (low, high) = Shading.scale(grid.values)
        // Without names rows and columns are numbered.
        func numbers(_ count: Int) -> [String] { (0..<count).map { "\($0)" } }
        let names = (rowLabels.isEmpty ? numbers(grid.rows) : Array(rowLabels.prefix(grid.rows))).map { SVG.fit($0, w * 0.25) }
        let heads = (columnLabels.isEmpty ? numbers(grid.columns) : Array(columnLabels.prefix(grid.columns))).map { SVG.fit($0, 110) }
        let ends = [Numbers.short(low), Numbers.short(high)], scaleWidth = 34 + (ends.map { SVG.width($0) }.max() ?? 0)
        let left = 12 + (options.ylabel.isEmpty ? 0 : 20) + (names.isEmpty ? 0 : (names.map { SVG.width($0) }.max() ?? 0) + 8)
        let room = max(w - left - scaleWidth - 12, 40)
        var cellWidth = min(room / Double(grid.columns), 64)
        // Cells are squares unless the picture would be too high; labels are turned where they would touch.
        let longest = heads.map { SVG.width($0) }.max() ?? 0, turned = !columnLabels.isEmpty && longest + 6 > cellWidth
        if !heads.isEmpty { top += turned ? longest + 8 : 20 }
        let offered = max((Double(height) - top - 40) / Double(grid.rows), 0.5)
        if rowLabels.isEmpty, columnLabels.isEmpty, cellWidth > offered, grid.values.count > 2_500 { cellWidth = offered }
        let cellHeight = min(cellWidth, 48, max(offered, rowLabels.isEmpty && showValues == false ? 0.5 : 18))
        let plotWidth = cellWidth * Double(grid.columns), plotHeight = min(max(cellHeight * Double(grid.rows), 20), 4_000)
        let rowStep = plotHeight / Double(grid.rows)
        let shown = grid.resized(rows: min(grid.rows, max(Int(plotHeight), 1)), columns: min(grid.columns, max(Int(plotWidth), 1)))
        let pixels = shown.values.flatMap { SVG.heat(Shading.fraction($0, low, high)) }
        out += SVG.image(pixels, rows: shown.rows, columns: shown.columns, x: left, y: top, width: plotWidth, height: plotHeight)
        out += SVG.rect(left, top, plotWidth, plotHeight, css: "axis")
        // Numbers stand at round ones; of names that would touch some are left out.
        func every(_ needed: Double, _ step: Double, _ names: [String]) -> Int {
            names.isEmpty ? Int(TickStep(atLeast: max(needed / step, 1)).size) : max(1, Int((needed / step).rounded(.up)))
        }
        let everyRow = every(18, rowStep, rowLabels)
        for (i, name) in names.enumerated() where i % everyRow == 0 {
            out += SVG.text(name, left - 6, top + (Double(i) + 0.5) * rowStep + 4.5, .end)
        }
        let everyColumn = turned || columnLabels.isEmpty ? every(turned ? 18 : longest + 8, cellWidth, columnLabels) : 1
        for (j, head) in heads.enumerated() where j % everyColumn == 0 {
            let x = left + (Double(j) + 0.5) * cellWidth
            out += turned ? SVG.text(head, x + 4.5, top - 6, rotated: -90) : SVG.text(head, x, top - 6, .middle)
        }
        if showValues != false, grid.values.count <= 2_500, rowStep >= 16 {
            let texts = Numbers.alike(grid.values, significant: 3, most: 3)
            if (texts.map { SVG.width($0) }.max() ?? 0) + 4 <= cellWidth {
                for r in 0..<grid.rows {
                    for c in 0..<grid.columns {
                        let t = Shading.fraction(grid[r, c], low, high)
                        out += SVG.text(texts[r * grid.columns + c], left + (Double(c) + 0.5) * cellWidth, top + (Double(r) + 0.5) * rowStep + 4.5,
                                        .middle, css: t > 0.55 ? "black" : "bright")
                    }
                }
            }
        }
        // The scale, high values above.
        let scaleHeight = max(min(plotHeight, 200), 40), scaleX = left + plotWidth + 14
        out += SVG.image((0..<64).flatMap { SVG.heat(1 - Double($0) / 63) }, rows: 64, columns: 1, x: scaleX, y: top, width: 12, height: scaleHeight)
        out += SVG.text(ends[1], scaleX + 17, top + 10) + SVG.text(ends[0], scaleX + 17, top + scaleHeight)
        if !options.ylabel.isEmpty { out += SVG.text(SVG.fit(options.ylabel, plotHeight + 20), 20, top + plotHeight / 2, .middle, rotated: -90) }
        var bottom = top + max(plotHeight, scaleHeight) + 12
        if !options.xlabel.isEmpty {
            bottom += 16
            let label = SVG.fit(options.xlabel, w - 20)
            out += SVG.text(label, max(left + plotWidth / 2, SVG.width(label) / 2 + 8), bottom - 8, .middle)
        }
        // A small matrix takes less than the width offered; its title goes over what it takes.
        let titleWidth = SVG.width(Text.clean(options.title), size: SVG.titleFont, bold: true) + 24
        let needed = min(w, max(left + plotWidth + scaleWidth + 12, SVG.width(Text.clean(options.xlabel)) + 16, titleWidth))
        out += SVG.title(options.title, x: needed / 2, width: w - 20).elements
        return SVGContent(elements: out, width: Int(needed.rounded(.up)), height: Int(bottom.rounded(.up)))
    }
}

extension ImageSheet {
    public func svgContent(width: Int, height: Int) -> SVGContent {
        let w = Double(width), title = SVG.title(options.title, x: w / 2, width: w - 20)
        var out = title.elements
        var top = options.title.isEmpty ? 12 : title.bottom
        if !options.ylabel.isEmpty {
            out += SVG.text(SVG.fit(options.ylabel, w - 24), 12, top + 10)
            top += 22
        }
        guard let first = images.first?[0] else {
            return SVGContent(elements: out + SVG.text("(empty)", w / 2, top + 14, .middle), width: width, height: Int(top) + 30)
        }
        let (low, high) = extent, gap = 10.0
        let across = images.count == 1 ? 1 : min(images.count, max(2, min(10, Int(w / 90))))
        let each = min((w - 24 - gap * Double(across - 1)) / Double(across), images.count == 1 ? 420 : 160)
        let tall = min(each * Double(first.rows) / Double(first.columns), 4_000)
        let head = titles.isEmpty ? 0 : 18.0, block = tall + head + gap
        let left = (w - each * Double(across) - gap * Double(across - 1)) / 2
        var isStopped = false
        for (i, image) in images.enumerated() where !isStopped {
            let x = left + Double(i % across) * (each + gap), y = top + Double(i / across) * block
            if i < titles.count { out += SVG.text(SVG.fit(titles[i], each), x + each / 2, y + 12, .middle) }
            let rows = min(first.rows, 1_000), columns = min(first.columns, 1_000)
            let shown = ImageSheet.resized(image, rows: rows, columns: columns)
            let pixels = (0..<rows * columns).flatMap { at -> [UInt8] in
                if at % 4096 == 0, options.isStopped() { isStopped = true }
                if isStopped { return [0, 0, 0] }
                let parts = ImageSheet.fractions(shown, at / columns, at % columns, low, high)
                if parts.contains(where: \.isNaN) { return [200, 60, 60] }
                let levels = parts.map { UInt8(($0 * 255).rounded()) }
                return levels.count == 3 ? levels : [levels[0], levels[0], levels[0]]
            }
            out += SVG.image(pixels, rows: rows, columns: columns, x: x, y: y + head, width: each, height: tall)
            out += SVG.rect(x, y + head, each, tall, css: "axis")
        }
        let lines = (images.count + across - 1) / across
        var bottom = top + Double(lines) * block + 4
        if !options.xlabel.isEmpty {
            bottom += 20
            out += SVG.text(SVG.fit(options.xlabel, w - 20), w / 2, bottom - 8, .middle)
        }
        return SVGContent(elements: out, width: width, height: Int(bottom.rounded(.up)))
    }
}

extension TextTable {
    public func svgContent(width: Int, height: Int) -> SVGContent {
        let columns = (0..<columnCount).map(column), rowHeight = 24.0, gap = 22.0
        let widths = columns.map { c in
            min(max(SVG.width(c.head, bold: true), c.cells.map { SVG.width(Text.trimmed($0)) }.max() ?? 0, 10), 320)
        }
        let total = widths.reduce(0, +) + gap * Double(max(columns.count - 1, 0)) + 32
        // A table is as wide as its contents.
        let w = max(total, min(SVG.width(Text.clean(options.title), size: SVG.titleFont, bold: true) + 32, Double(width)), 120)
        let title = SVG.title(options.title, x: w / 2, width: w - 16)
        var out = title.elements, y = options.title.isEmpty ? 8 : title.bottom - 6
        var lefts: [Double] = [], x = 16 + (w - total) / 2
        for width in widths {
            lefts.append(x)
            x += width + gap
        }
        if !header.isEmpty {
            y += rowHeight
            for (i, c) in columns.enumerated() {
                let head = SVG.fit(c.head, widths[i], bold: true)
                out += c.isText ? SVG.text(head, lefts[i], y - 7, css: "head") : SVG.text(head, lefts[i] + widths[i], y - 7, .end, css: "head")
            }
            out += SVG.path("M\(SVG.n((w - total) / 2 + 10)) \(SVG.n(y))h\(SVG.n(total - 20))", css: "axis")
        }
        // Numbers stand with their points beneath one another: what follows the point begins at a common place.
        let tails = columns.map { c -> Double in
            guard !c.isText else { return 0 }
            let ends = c.cells.map { cell -> Double in
                let text = Text.trimmed(cell)
                return text.firstIndex(where: { $0 == "." || $0 == "e" }).map { SVG.width(String(text[$0...])) } ?? 0
            }
            return ends.max() ?? 0
        }
        for r in rows.indices {
            y += rowHeight
            for (i, c) in columns.enumerated() {
                let cell = Text.trimmed(c.cells[r])
                if c.isText {
                    out += SVG.text(SVG.fit(cell, widths[i]), lefts[i], y - 7)
                } else {
                    let point = lefts[i] + widths[i] - tails[i]
                    let split = cell.firstIndex(where: { $0 == "." || $0 == "e" }) ?? cell.endIndex
                    let number = cell.first.map { $0.isNumber || $0 == "-" } == true
                    out += number ? SVG.text(String(cell[..<split]), point, y - 7, .end) + SVG.text(String(cell[split...]), point, y - 7)
                        : SVG.text(cell, lefts[i] + widths[i], y - 7, .end)
                }
            }
        }
        if rows.isEmpty, columns.isEmpty {
            y += rowHeight
            out += SVG.text("(empty)", 16, y - 7)
        }
        return SVGContent(elements: out, width: Int(w.rounded(.up)), height: Int(y + 10))
    }
}

extension ConfusionMatrix {
    public func svgContent(width: Int, height: Int) -> SVGContent {
        var content = table.svgContent(width: width, height: height)
        content.elements += SVG.text(summary, 16, Double(content.height) + 10)
        content.height += 24
        content.width = max(content.width, Int(SVG.width(summary)) + 32)
        return content
    }
}

extension PictureGrid {
    public func svgContent(width: Int, height: Int) -> SVGContent {
        let gap = 12, across = abreast(width, least: 260)
        let each = max((width - gap * (across - 1)) / across, 120)
        let head = SVG.title(title, x: Double(width) / 2, width: Double(width) - 20)
        var out = head.elements, y = title.isEmpty ? 0 : Int(head.bottom)
        for start in stride(from: 0, to: pictures.count, by: across) {
            var tallest = 0
            for (i, picture) in pictures[start..<min(start + across, pictures.count)].enumerated() {
                let content = picture.svgContent(width: each, height: max(each * 5 / 8, 160))
                // Wider contents, such as tables, shrink to their place.
                let w = min(content.width, each), h = content.height * w / max(content.width, 1)
                out += "<svg x=\"\(i * (each + gap) + (each - w) / 2)\" y=\"\(y)\" width=\"\(w)\" height=\"\(h)\" "
                    + "viewBox=\"0 0 \(content.width) \(content.height)\">\n\(content.elements)</svg>\n"
                tallest = max(tallest, h)
            }
            y += tallest + gap
        }
        return SVGContent(elements: out, width: width, height: max(y, 20))
    }
}
