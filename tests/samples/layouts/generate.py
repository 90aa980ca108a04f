"""Writes printed orders in layouts of their own, each with its truth: python3 generate.py (needs reportlab).

The firms, goods and figures are invented. A layout is a way of ruling, wrapping and turning, not a form of any firm.
"""

import json
import random
from decimal import Decimal
from pathlib import Path

from reportlab import rl_config
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

rl_config.invariant = 1
HERE = Path(__file__).parent
FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
SMALL = ParagraphStyle("small", fontName=FONT, fontSize=9, leading=12)
TITLE = ParagraphStyle("title", fontName=FONT, fontSize=16, leading=20, alignment=1)
BASE = [("FONT", (0, 0), (-1, -1), FONT, 9)]
GRID = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)
MIDDLE = ("VALIGN", (0, 0), (-1, -1), "MIDDLE")
TOP = ("VALIGN", (0, 0), (-1, -1), "TOP")
WIDTHS = [28, 64, 150, 48, 30, 55, 65, 62]
HEAD = ["序号", "物料编码", "品名规格", "数量", "单位", "单价(元)", "金额(元)", "交货日期"]


def goods(dice, count, long):
    """Order lines; long names take two lines of their column."""
    out = []
    for n in range(1, count + 1):
        quantity, price = dice.randint(1, 50) * 100, Decimal(dice.randint(10, 900)) / 100
        name = f"5#尼龙闭尾拉链 自动头 黑色{500 + n}" + (f" 长度{10 + n}cm 环保 过检针" if long else "")
        out.append({"part": f"A{n:04d}-X", "name": name, "quantity": quantity, "price": price,
                    "amount": price * quantity, "date": f"2026-12-{10 + n % 18:02d}"})
    return out


def row(n, line):
    return [str(n), line["part"], Paragraph(line["name"], SMALL), f"{line['quantity']:,}", "条",
            f"{line['price']:.2f}", f"{line['amount']:,.2f}", line["date"]]


def truth(name, order, lines, difficulty=1, accept=None):
    data = {"file": f"layouts/{name}.pdf", "channel": "fax", "kind": "order", "language": order.pop("language", "zh"),
            "difficulty": difficulty, "features": ["pdf_text"], "source": f"{name}.pdf", "more_orders": [],
            "order": {"po_number": None, "order_date": None,
                      "customer": {"name": None, "contact": None, "phone": None, "email": None},
                      "ship_to": {"name": None, "address": None, "contact": None, "phone": None},
                      "currency": None, "payment_terms": None, "incoterm": None, "requested_delivery": None,
                      "shipping_method": None, "lines": lines, "total": None, "notes": None} | order,
            "accept": accept or {}, "expect": {}}
    (HERE / f"{name}.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def said(n, line):
    return {"line": n, "customer_part": line["part"], "description": line["name"], "spec": None, "color": None,
            "quantity": str(line["quantity"]), "unit": line.get("unit", "条"), "unit_price": f"{line['price']:f}",
            "amount": f"{line['amount']:.2f}", "delivery_date": line.get("date"), "note": None}


def ruled(name, style, count=6, size=A4, repeat=1, long=True, difficulty=1):
    """A Chinese order: heading, a table in the style given, a remark."""
    dice = random.Random(name)
    number = f"YS-2611-{dice.randint(100, 999)}"
    lines = goods(dice, count, long)
    total = sum(line["amount"] for line in lines)
    last = ["合计", "", "", f"{sum(line['quantity'] for line in lines):,}", "", "", f"{total:,.2f}", ""]
    table = [HEAD] + [row(n, line) for n, line in enumerate(lines, 1)] + [last]
    head = [[f"订单编号：{number}", "下单日期：2026年11月20日"],
            ["采购员：李敏　电话：0571-55501234", "付款方式：月结30天"],
            ["供应商：恒通拉链辅料有限公司", "送货地址：杭州市余杭区良渚街道188号"]]
    story = [Paragraph("杭州云舒服饰有限公司", TITLE), Paragraph("采购订单", TITLE), Spacer(1, 8),
             Table(head, style=[("FONT", (0, 0), (-1, -1), FONT, 10)], colWidths=[250, 250]), Spacer(1, 8),
             Table(table, style=BASE + style, repeatRows=repeat, colWidths=WIDTHS),
             Spacer(1, 8), Paragraph("备注：请按时交货，随货附送货单。", SMALL)]
    page = {"pagesize": size, "leftMargin": 40, "rightMargin": 40, "bottomMargin": 50, "topMargin": 50}
    SimpleDocTemplate(str(HERE / f"{name}.pdf"), **page).build(story)
    order = {"po_number": number, "order_date": "2026-11-20",
             "customer": {"name": "杭州云舒服饰有限公司", "contact": "李敏", "phone": "0571-55501234", "email": None},
             "ship_to": {"name": None, "address": "杭州市余杭区良渚街道188号", "contact": None, "phone": None},
             "payment_terms": "月结30天", "total": f"{total:.2f}", "notes": "请按时交货，随货附送货单。"}
    shown = [said(n, line) for n, line in enumerate(lines, 1)]
    truth(name, order, shown, difficulty, {"order.currency": ["CNY"]})


def form():
    """A contract that is one single grid, labels in cells of their own."""
    rows = [["采 购 合 同", "", "", "", ""], ["合同号", "HT-26-1101", "", "签订日期", "2026-11-18"],
            ["需方", "宁波海岳工贸有限公司", "", "供方", "恒通拉链辅料有限公司"],
            ["品名", "规格", "数量", "单价", "金额"],
            ["3#隐形拉链", "白色 25cm", "12,000条", "0.38", "4,560.00"],
            ["8#树脂开尾", "黑色 65cm", "3,000条", "1.25", "3,750.00"],
            ["合计（大写）捌仟叁佰壹拾元整", "", "", "", "8,310.00"],
            ["交货期", "2026-12-15", "", "付款方式", "预付30%"],
            ["收货地址", "宁波市北仑区小港街道纬六路18号", "", "电话", "0574-55501122"]]
    spans = [("SPAN", (0, 0), (-1, 0)), ("SPAN", (0, 6), (3, 6))] + [("SPAN", (1, r), (2, r)) for r in (1, 2, 7, 8)]
    table = Table(rows, style=BASE + [GRID, MIDDLE] + spans, colWidths=[90, 110, 90, 90, 110])
    SimpleDocTemplate(str(HERE / "form.pdf"), pagesize=A4).build([table])
    lines = [{"line": n, "customer_part": None, "description": name, "spec": spec, "color": None, "quantity": quantity,
              "unit": "条", "unit_price": price, "amount": amount, "delivery_date": None, "note": None}
             for n, (name, spec, quantity, price, amount) in enumerate(
                 [("3#隐形拉链", "白色 25cm", "12000", "0.38", "4560.00"),
                  ("8#树脂开尾", "黑色 65cm", "3000", "1.25", "3750.00")], 1)]
    order = {"po_number": "HT-26-1101", "order_date": "2026-11-18", "payment_terms": "预付30%",
             "customer": {"name": "宁波海岳工贸有限公司", "contact": None, "phone": "0574-55501122", "email": None},
             "ship_to": {"name": None, "address": "宁波市北仑区小港街道纬六路18号", "contact": None, "phone": None},
             "requested_delivery": "2026-12-15", "total": "8310.00"}
    accept = {"order.currency": ["CNY"], "order.customer.phone": [None], "order.ship_to.phone": ["0574-55501122"]}
    truth("form", order, lines, 2, accept)


def turned():
    """An English order printed sideways on an upright page, no ruling."""
    page = canvas.Canvas(str(HERE / "turned.pdf"), pagesize=A4)
    page.translate(595, 0)
    page.rotate(90)
    page.setFont("Helvetica", 11)
    for n, (left, right) in enumerate([("Brightwell Outdoor Ltd", "PURCHASE ORDER"), ("PO No: BW-77812", "Date: 20 Nov 2026"),
                                       ("Payment terms: 30 days net", "Currency: USD")]):
        page.drawString(60, 540 - n * 18, left)
        page.drawString(420, 540 - n * 18, right)
    page.setFont("Helvetica", 10)
    at = [60, 110, 190, 430, 510, 560, 660]
    goods = [("10", "BW-101", "#5 nylon zipper closed end black 18cm", "2,000", "pcs", "0.21", "420.00"),
             ("20", "BW-102", "#3 invisible zipper white 22cm", "5,500", "pcs", "0.145", "797.50")]
    rows = [("Item", "Part No", "Description", "Qty", "Unit", "Unit Price", "Amount"), *goods,
            ("", "", "", "", "", "Total USD", "1,217.50")]
    for n, cells in enumerate(rows):
        for column, text in enumerate(cells):
            if column in (3, 5, 6):
                page.drawRightString(at[column] + 50, 460 - n * 18, text)
            else:
                page.drawString(at[column], 460 - n * 18, text)
    page.save()
    lines = [{"line": n, "customer_part": part, "description": name, "spec": None, "color": None,
              "quantity": quantity.replace(",", ""), "unit": unit, "unit_price": price,
              "amount": amount.replace(",", ""), "delivery_date": None, "note": None}
             for n, part, name, quantity, unit, price, amount in goods]
    order = {"po_number": "BW-77812", "order_date": "2026-11-20", "payment_terms": "30 days net", "currency": "USD",
             "customer": {"name": "Brightwell Outdoor Ltd", "contact": None, "phone": None, "email": None},
             "total": "1217.50", "language": "en"}
    truth("turned", order, lines, 2)


def main():
    below, box = ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.black), ("BOX", (0, 0), (-1, -1), 0.5, colors.black)
    three = [("LINEABOVE", (0, 0), (-1, 0), 1, colors.black), ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
             ("LINEBELOW", (0, -1), (-1, -1), 1, colors.black)]
    bands = [("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.whitesmoke, colors.lightgrey]),
             ("BACKGROUND", (0, 0), (-1, 0), colors.darkblue), ("TEXTCOLOR", (0, 0), (-1, 0), colors.white)]
    columns = [box, ("LINEBEFORE", (1, 0), (-1, -1), 0.5, colors.black), ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black)]
    right = ("ALIGN", (3, 0), (6, -1), "RIGHT")
    ruled("grid", [GRID, MIDDLE, ("SPAN", (0, -1), (2, -1))])
    ruled("grid-top-right", [GRID, TOP, right])
    ruled("three-lines", [*three, MIDDLE], difficulty=2)
    ruled("three-lines-top", [*three, TOP, right], difficulty=2)
    ruled("bands", [*bands, MIDDLE], difficulty=2)
    ruled("columns-only", [*columns, MIDDLE], difficulty=2)
    ruled("columns-only-top", [*columns, TOP, right], difficulty=2)
    ruled("columns-only-short", [*columns], long=False, difficulty=2)
    ruled("rows-only", [below, MIDDLE], difficulty=2)
    ruled("rows-only-short", [below, right], long=False, count=3)
    ruled("pages-repeated", [GRID, MIDDLE], count=40, size=landscape(A4), difficulty=2)
    ruled("pages-not-repeated", [GRID, MIDDLE], count=60, repeat=0, difficulty=2)
    ruled("pages-unruled", [*three, TOP], count=45, difficulty=2)
    ruled("single", [GRID], count=1, long=False)
    form()
    turned()


if __name__ == "__main__":
    main()
