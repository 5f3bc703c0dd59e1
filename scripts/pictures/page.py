"""The page that measures pictures in a browser, and what it found. Called by scripts/test-pictures.

page.py FOLDER           writes FOLDER/page.html: every SVG of FOLDER/400, /560 and /1200 in boxes as wide as a page
page.py FOLDER --report  reads FOLDER/dom, the page as the browser left it, and exits with 1 where anything is wrong
"""
import html
import pathlib
import re
import sys

# The script in the page. A text's box is its getBBox, carried to the screen by its transform: those of rotated labels
# and of pictures within pictures compare so. Letters that are marks of points may meet as the points do.
MEASURE = """
const problems = [];
let texts = 0;
for (const frame of document.querySelectorAll('div.frame')) {
    const picture = frame.querySelector('svg'), whole = picture.getBoundingClientRect();
    const boxes = [];
    for (const text of picture.querySelectorAll('text:not(.letter)')) {
        if (!text.textContent.trim()) continue;
        const box = text.getBBox(), matrix = text.getScreenCTM();
        const xs = [], ys = [];
        for (const x of [box.x, box.x + box.width])
            for (const y of [box.y, box.y + box.height]) {
                const p = new DOMPoint(x, y).matrixTransform(matrix);
                xs.push(p.x);
                ys.push(p.y);
            }
        boxes.push({left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys), text: text.textContent});
    }
    texts += boxes.length;
    const slack = 0.5;
    boxes.forEach((a, i) => {
        if (a.left < whole.left - slack || a.right > whole.right + slack || a.top < whole.top - slack || a.bottom > whole.bottom + slack)
            problems.push(frame.id + ': "' + a.text + '" leaves the picture');
        for (const b of boxes.slice(i + 1))
            if (a.left < b.right - slack && b.left < a.right - slack && a.top < b.bottom - slack && b.top < a.bottom - slack)
                problems.push(frame.id + ': "' + a.text + '" overlaps "' + b.text + '"');
    });
}
const pictures = document.querySelectorAll('div.frame').length;
document.getElementById('report').textContent = ['measured ' + texts + ' texts in ' + pictures + ' pictures', ...problems].join('\\n');
"""


def write(folder):
    parts = []
    for width, pages in (("400", (400,)), ("560", (400, 1200)), ("1200", (1200,))):
        for path in sorted((folder / width).glob("*.svg")):
            for page in pages:
                name = f"{path.stem}, {width} pixels" + ("" if str(page) == width else f" on a page of {page}")
                parts.append(f'<div class="frame" id="{html.escape(name)}" style="width:{page}px">{path.read_text()}</div>')
    text = f"""<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>
<body style="margin:0">{''.join(parts)}<pre id="report"></pre><script>{MEASURE}</script></body></html>"""
    (folder / "page.html").write_text(text)


def report(folder):
    found = re.search(r'<pre id="report">(.*?)</pre>', (folder / "dom").read_text(), re.S)
    lines = html.unescape(found.group(1)).splitlines() if found else []
    if not lines:
        print("FAILED: the browser measured nothing")
        return 1
    for line in lines[1:]:
        print("FAILED", line)
    print(lines[0] + f", {len(lines) - 1} wrong")
    return 1 if len(lines) > 1 else 0


folder = pathlib.Path(sys.argv[1])
if "--report" in sys.argv[2:]:
    sys.exit(report(folder))
write(folder)
