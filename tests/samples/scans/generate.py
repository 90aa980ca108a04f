"""Faxes, scans and photographs of the printed layouts, each with its truth: python3 generate.py

Needs reportlab, numpy and pillow from PyPI; pdftoppm (poppler-utils); the fonts WenQuanYi Zen Hei, AR PL UKai and UMing
(fonts-wqy-zenhei, fonts-arphic-ukai, fonts-arphic-uming). What comes out is kept beside it, so that nobody needs them.
"""

import importlib.util
import json
import random
import subprocess
import tempfile
from pathlib import Path

import numpy
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib import colors
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

HERE = Path(__file__).parent
FONTS = {"hei": "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", "kai": "/usr/share/fonts/truetype/arphic/ukai.ttc",
         "ming": "/usr/share/fonts/truetype/arphic/uming.ttc"}
FINE, STANDARD = (204, 196), (204, 98)

spec = importlib.util.spec_from_file_location("layouts", HERE.parent / "layouts" / "generate.py")
layouts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(layouts)
for font, path in FONTS.items():
    pdfmetrics.registerFont(TTFont(font, path, subfontIndex=0))


def printed(name, font, make):
    """The truth, and the pages at 204 dots an inch as shades of gray."""
    with tempfile.TemporaryDirectory() as folder:
        layouts.HERE, layouts.FONT = Path(folder), font
        layouts.BASE = [("FONT", (0, 0), (-1, -1), font, 9)]
        layouts.SMALL.fontName = layouts.TITLE.fontName = font
        make(name)
        pdf = next(Path(folder).glob("*.pdf"))
        truth = json.loads(pdf.with_suffix(".json").read_text(encoding="utf-8"))
        subprocess.run(["pdftoppm", "-r", "204", "-gray", pdf, Path(folder) / "page"], check=True)
        pages = [Image.open(file).copy() for file in sorted(Path(folder).glob("page*.pgm"))]
    return truth, pages


def crooked(page, degrees):
    return page.rotate(degrees, resample=Image.BICUBIC, expand=False, fillcolor=255)


def speckled(page, dice, share):
    dots = numpy.asarray(page).copy()
    noise = numpy.random.default_rng(dice.randint(0, 1 << 30)).random(dots.shape)
    dots[noise < share] = 0
    dots[noise > 1 - share] = 255
    return Image.fromarray(dots)


def stamped(page, dice):
    """A round stamp over the lower half, as gray as red becomes."""
    draw = ImageDraw.Draw(page)
    x, y = int(page.width * 0.6) + dice.randint(-60, 60), int(page.height * 0.42)
    draw.ellipse([x, y, x + 300, y + 300], outline=90, width=7)
    draw.text((x + 60, y + 120), "采购专用章", fill=90, font=ImageFont.truetype(FONTS["kai"], 36))
    return page


def photographed(page, dice):
    """Light falls from one side; a little out of focus."""
    page = crooked(page, dice.uniform(-1.5, 1.5)).filter(ImageFilter.GaussianBlur(0.8))
    dots = numpy.asarray(page).astype(float)
    light = numpy.linspace(0.62, 0.98, dots.shape[1])[None, :] * numpy.linspace(1.0, 0.85, dots.shape[0])[:, None]
    noise = numpy.random.default_rng(dice.randint(0, 1 << 30)).normal(0, 4, dots.shape)
    return Image.fromarray(numpy.clip(dots * light + noise, 0, 255).astype("uint8"))


def headed(page, text):
    """What the sender's machine writes at the upper edge."""
    strip = Image.new("L", (page.width, page.height + 60), 255)
    strip.paste(page, (0, 60))
    ImageDraw.Draw(strip).text((40, 16), text, fill=0, font=ImageFont.truetype(FONTS["hei"], 26))
    return strip


def faxed(pages, resolution):
    """As a machine sends them: 1728 dots across, black or white."""
    out = []
    for page in pages:
        height = round(page.height * 1728 / page.width * resolution[1] / 204)
        out.append(page.resize((1728, height), Image.BICUBIC).point(lambda shade: 255 if shade > 175 else 0).convert("1"))
    return out


def fax(name, font, make, resolution=FINE, skew=0.0, noise=0.0, stamp=False, turn=0, head=None, order=None, difficulty=2):
    dice = random.Random(name)
    truth, pages = printed(name, font, make)
    pages = [stamped(page, dice) for page in pages] if stamp else pages
    pages = [crooked(page, skew) if skew else page for page in pages]
    pages = [page.rotate(turn, expand=True) if turn else page for page in pages]
    pages = [speckled(page, dice, noise) if noise else page for page in pages]
    if head:
        pages = [headed(page, f"{head} P.{n}/{len(pages)}") for n, page in enumerate(pages, 1)]
    pages = [pages[n] for n in order] if order else pages
    pages = faxed(pages, resolution)
    pages[0].save(HERE / f"{name}.tif", save_all=True, append_images=pages[1:], compression="group4", dpi=resolution)
    write(name, truth, f"{name}.tif", ["fax", "standard" if resolution == STANDARD else "fine"], difficulty)


def photograph(name, font, make, turn=0):
    dice = random.Random(name)
    truth, pages = printed(name, font, make)
    photographed(pages[0], dice).rotate(turn, expand=True).save(HERE / f"{name}.jpg", quality=55)
    write(name, truth, f"{name}.jpg", ["photo", "fine"], 2)


def scan(name, font, make):
    """A PDF that holds a picture of the page and nothing else."""
    truth, pages = printed(name, font, make)
    pages[0].save(HERE / f"{name}.pdf", resolution=204, quality=40)
    write(name, truth, f"{name}.pdf", ["scan", "fine"], 2)


def write(name, truth, file, features, difficulty):
    truth |= {"file": f"scans/{file}", "features": features, "source": file, "difficulty": difficulty}
    (HERE / f"{name}.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def table(style, **more):
    return lambda name: layouts.ruled(name, style, **more)


def main():
    grid, middle, top, black = layouts.GRID, layouts.MIDDLE, layouts.TOP, colors.black
    three = [("LINEABOVE", (0, 0), (-1, 0), 1, black), ("LINEBELOW", (0, 0), (-1, 0), 0.5, black),
             ("LINEBELOW", (0, -1), (-1, -1), 1, black)]
    boxed = ("BOX", (0, 0), (-1, -1), 0.5, black)
    columns = [boxed, ("LINEBEFORE", (1, 0), (-1, -1), 0.5, black), ("LINEBELOW", (0, 0), (-1, 0), 0.5, black)]
    rows = [("LINEBELOW", (0, 0), (-1, -1), 0.5, black)]
    form = lambda _: layouts.form()  # noqa: E731
    head = "2026-11-20 10:22 FROM: YUNSHU 0571-5550-1235 TO: 0577-5550-8800"
    fax("fine-grid", "hei", table([grid, middle]))
    fax("fine-grid-crooked", "ming", table([grid, middle], count=8), skew=1.3, noise=0.002)
    fax("fine-grid-head", "kai", table([grid, top]), head=head)
    fax("fine-upside-down", "hei", table([grid, middle], long=False), turn=180)
    fax("fine-sideways", "ming", table([grid, middle], long=False), turn=90)
    fax("fine-three-lines", "hei", table([*three, middle]), skew=-0.8)
    fax("fine-columns", "ming", table([*columns, middle]), noise=0.001)
    fax("fine-rows", "kai", table(rows, long=False), skew=0.5)
    fax("fine-form", "hei", form, skew=0.6)
    fax("fine-stamp", "ming", table([grid, middle], count=9), stamp=True)
    fax("fine-pages", "hei", table([grid, middle], count=40), head=head, order=[1, 0])
    fax("fine-bare", "hei", table([middle], long=False, count=5))
    fax("standard-grid", "hei", table([grid, middle], long=False), resolution=STANDARD)
    fax("standard-grid-kai", "kai", table([grid, middle], long=False, count=4), resolution=STANDARD)
    fax("standard-rows", "hei", table(rows, long=False), resolution=STANDARD, head=head)
    fax("standard-crooked", "ming", table([grid, middle], long=False), resolution=STANDARD, skew=0.9)
    scan("scan-grid", "ming", table([grid, middle]))
    scan("scan-three-lines", "kai", table([*three, top]))
    scan("scan-form", "kai", form)
    photograph("photo-grid", "hei", table([grid, middle], long=False))
    photograph("photo-rows", "ming", table(rows, long=False), turn=90)
    photograph("photo-three-lines", "hei", table([*three, middle], long=False))


if __name__ == "__main__":
    main()
