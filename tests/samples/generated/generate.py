"""Writes any number of orders in layouts drawn by lot, each with its truth: python3 generate.py OUT [COUNT] [SEED].

Customers, goods and prices are those of ../master. A layout is drawn from words, orders of columns, ways of writing dates and
figures, and a format: text, HTML, CSV, XLSX, DOCX, and PDF where reportlab is installed. Layouts have numbers; the even ones
are for fitting, the odd ones (in the folder `held-out`) for measuring.
"""

import csv
import io
import json
import random
import sys
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

try:
    from reportlab import rl_config
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

    rl_config.invariant = 1
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    PDF = True
except ImportError:
    PDF = False

MASTER = Path(__file__).parent.parent / "master"
LAYOUTS = 60
TODAY = date(2026, 3, 18)

WORDS = {
    "zh": {
        "line": ["序号", "行号", "项次", "No.", "序"],
        "part": ["客户料号", "料号", "货号", "物料编号", "产品编码", "物料编码"],
        "description": ["品名", "品名规格", "产品名称", "物料名称", "名称及规格", "货物名称"],
        "quantity": ["数量", "订购数量", "订货数量", "采购数量", "需求数量"],
        "unit": ["单位", "计量单位"],
        "price": ["单价", "含税单价", "单价(元)", "单价（RMB）", "采购单价"],
        "amount": ["金额", "金额(元)", "小计", "合计金额", "含税金额"],
        "date": ["交期", "交货日期", "要求交期", "需求日期"],
        "note": ["备注", "说明"],
        "number": ["订单号", "采购单号", "订单编号", "PO号", "采购订单号", "单号"],
        "ordered": ["下单日期", "订单日期", "订货日期", "制单日期", "日期"],
        "wanted": ["交货日期", "要求交期", "交期", "要求交货日期"],
        "address": ["送货地址", "收货地址", "交货地点", "交货地址"],
        "terms": ["付款方式", "结算方式", "付款条件"],
        "contact": ["联系人", "采购员", "经办人"],
        "phone": ["电话", "联系电话", "TEL"],
        "total": ["合计", "总计", "合计金额", "总金额"],
        "title": ["采购订单", "采购单", "订货单", "购货订单"],
        "hello": ["您好，附件为我司订单，请查收并回签。", "请按附件订单安排生产，谢谢！", "订单请见附件，烦请确认交期。"],
        "above": ["您好，请按以下订单安排，谢谢。", "兹向贵司订购下列货物：", "请安排生产以下产品："],
        "subject": ["采购订单 {}", "{} 订单", "新订单 {} 请查收", "订单"],
        "pay": ["月结30天", "月结60天", "款到发货", "货到付款"],
        "remark": ["包装要求：每200条一扎，外箱贴唛头。", "随货附送货单及检验报告。"],
    },
    "en": {
        "line": ["Item", "#", "Line", "Pos", "No."],
        "part": ["Part No.", "Item code", "Article No.", "Material No.", "Our ref.", "SKU"],
        "description": ["Description", "Product", "Item description", "Goods", "Description of goods"],
        "quantity": ["Qty", "Quantity", "Order qty", "Ordered qty"],
        "unit": ["Unit", "UoM", "U/M"],
        "price": ["Unit price", "Price", "Price/unit", "Unit cost", "Rate"],
        "amount": ["Amount", "Total", "Line total", "Ext. price", "Value"],
        "date": ["Delivery date", "Required date", "Due date", "Ship date"],
        "note": ["Remarks", "Notes", "Comments"],
        "number": ["PO No.", "Purchase Order No.", "Order number", "PO #", "P.O. Number"],
        "ordered": ["Order date", "Date", "PO date", "Issue date"],
        "wanted": ["Delivery date", "Required by", "Requested delivery", "Required delivery date"],
        "address": ["Ship to", "Deliver to", "Delivery address"],
        "terms": ["Payment terms", "Terms of payment", "Payment"],
        "contact": ["Contact", "Buyer", "Contact person"],
        "phone": ["Phone", "Tel", "Tel."],
        "total": ["Total", "Grand total", "Total amount", "Order total"],
        "title": ["PURCHASE ORDER", "Purchase Order", "ORDER"],
        "hello": ["Dear Sirs, please find our order attached.", "Hi, attached is our new PO. Please confirm.", "Please see attached."],
        "above": ["Please supply the following:", "Dear all, kindly arrange the goods below.", "We hereby order:"],
        "subject": ["PO {}", "Purchase order {}", "New order {}", "Order"],
        "pay": ["30 days net", "T/T in advance", "60 days EOM", "L/C at sight"],
        "remark": ["Please pack 200 pcs per polybag.", "Certificate of conformity required."],
    },
}
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€"}


def table_of(name):
    with open(MASTER / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PRODUCTS = {it["sku"]: it for it in table_of("products")}
CUSTOMERS = {it["code"]: it for it in table_of("customers")}
PRICES, ALIASES = {}, {}
for it in table_of("prices"):
    if it["valid_from"] <= TODAY.isoformat() <= it["valid_to"]:
        PRICES.setdefault(it["customer_code"], {}).setdefault(it["sku"], []).append((int(it["min_qty"]), Decimal(it["price"])))
for it in table_of("aliases"):
    ALIASES[it["customer_code"], it["sku"]] = it["customer_part_no_or_name"]
BUYERS = {
    language: [code for code in PRICES if code in CUSTOMERS and CUSTOMERS[code]["mail_domains"]
               and (CUSTOMERS[code]["currency"] == "CNY") == (language == "zh") and "<" in CUSTOMERS[code]["contacts"]]
    for language in WORDS
}


class Layout:
    """How a firm writes its orders."""

    def __init__(self, number):
        dice = random.Random(f"layout {number}")
        self.number = number
        self.language = dice.choice(["zh", "zh", "en"])
        formats = ["text", "text", "html", "csv", "xlsx", "xlsx", "docx"] + (["pdf", "pdf", "pdf"] if PDF else [])
        self.format = dice.choice(formats)
        self.words = {key: dice.choice(words) for key, words in WORDS[self.language].items()}
        self.part = dice.random() < 0.7
        self.lines = dice.random() < 0.8
        self.dates = dice.random() < 0.4
        self.notes = dice.random() < 0.3
        self.unit = dice.choice(["column", "column", "column", "joined"])
        self.amounts = dice.random() < 0.9
        self.total = self.amounts and dice.random() < 0.8
        columns = (["line"] if self.lines else []) + (["part"] if self.part else []) + ["description"]
        figures = ["quantity"] + (["unit"] if self.unit == "column" else []) + ["price"]
        if self.unit == "column" and dice.random() < 0.3:
            figures = ["unit", "quantity", "price"]
        columns += figures + (["amount"] if self.amounts else [])
        if self.dates:
            columns.insert(dice.choice([len(columns), len(columns) - len(figures) - self.amounts]), "date")
        if self.notes:
            columns.append("note")
        self.columns = columns
        self.thousands = dice.random() < 0.5
        self.sign = dice.random() < 0.3
        self.day = dice.choice(["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y.%m.%d"] if self.language == "zh"
                               else ["%Y-%m-%d", "%d %b %Y", "%d %B %Y", "%d-%b-%Y"])
        self.colon = dice.choice(["：", ":", "： "] if self.language == "zh" else [": ", ":", " : "])
        self.letterhead = dice.random() < 0.8
        self.subject = dice.random() < 0.7
        self.heads = dice.sample(["ordered", "wanted", "address", "terms", "contact", "phone"], dice.randint(2, 6))
        if self.dates and "wanted" in self.heads:
            self.heads.remove("wanted")
        if not self.dates and "wanted" not in self.heads:
            self.heads.append("wanted")
        self.heads.insert(0, "number")
        self.side = dice.random() < 0.5
        self.remark = dice.random() < 0.4
        self.style = dice.choice(["blanks", "pipes", "tabs"])
        self.ruling = dice.choice(["grid", "grid", "rows", "head", "none"])


def figure(value, layout, sign=""):
    text = f"{value:,}" if layout.thousands else f"{value}"
    return (sign if layout.sign else "") + text


def draw(layout, dice):
    """An order of one of the customers, as text in cells, and the truth."""
    code = dice.choice(BUYERS[layout.language])
    customer = CUSTOMERS[code]
    zh = layout.language == "zh"
    name = customer["name"] if zh else customer["name_en"] or customer["name"]
    contact, mail = dice.choice(customer["contacts"].split(";")).strip().rstrip(">").split("<")
    contact = contact.strip()
    number = dice.choice([f"{code[-2:]}{dice.randint(100000, 999999)}", f"PO-2603-{dice.randint(100, 999)}",
                          f"{dice.choice('ABCDEFGH')}{dice.randint(10, 99)}/2026-{dice.randint(100, 999)}"])
    wanted = TODAY + timedelta(days=dice.randint(20, 60))
    currency = customer["currency"]
    values = {"number": number, "ordered": TODAY.strftime(layout.day), "wanted": wanted.strftime(layout.day),
              "address": customer["address"], "terms": layout.words["pay"], "contact": contact, "phone": customer["phone"]}
    lines, rows, skus = [], [], []
    for at, sku in enumerate(dice.sample(sorted(PRICES[code]), min(dice.randint(1, 9), len(PRICES[code]))), 1):
        product = PRODUCTS[sku]
        pack = max(int(Decimal(product["pack_qty"] or "1")), 1)
        least = max(int(Decimal(product["moq"] or "1")), pack)
        quantity = (least + pack - 1) // pack * pack + pack * dice.randint(0, 12)
        steps = [it for it in sorted(PRICES[code][sku]) if it[0] <= quantity] or [min(PRICES[code][sku])]
        price = steps[-1][1]
        amount = (price * quantity).quantize(Decimal("0.01"))
        alias = ALIASES.get((code, sku))
        part = alias if alias and all(ord(letter) < 128 for letter in alias) else sku
        text = product["name"] if zh else product["name_en"]
        unit = product["unit"] if zh else {"条": "pcs", "米": "m", "个": "pcs", "粒": "pcs", "套": "sets", "箱": "ctn"}.get(product["unit"], "pcs")
        due = wanted + timedelta(days=7 * dice.randint(0, 2))
        note = dice.choice(["", "", "急", "首单"] if zh else ["", "", "urgent", "first order"])
        cells = {"line": str(at), "part": part, "description": text, "unit": unit, "date": due.strftime(layout.day), "note": note,
                 "quantity": figure(quantity, layout) + (unit if layout.unit == "joined" and zh else
                                                         f" {unit}" if layout.unit == "joined" else ""),
                 "price": figure(price, layout, SIGNS.get(currency, "")), "amount": figure(amount, layout, SIGNS.get(currency, ""))}
        rows.append([cells[it] for it in layout.columns])
        has = layout.columns.__contains__
        lines.append({"line": str(at), "customer_part": part if has("part") else None, "description": text, "spec": None,
                      "color": None, "quantity": str(quantity), "unit": unit, "unit_price": str(price),
                      "amount": f"{amount}" if has("amount") else None, "delivery_date": due.isoformat() if has("date") else None,
                      "note": note if has("note") and note else None})
        skus.append(sku)
    total = sum(Decimal(it["amount"]) for it in lines) if layout.amounts else None
    has = layout.heads.__contains__
    order = {"po_number": number, "order_date": TODAY.isoformat() if has("ordered") else None,
             "customer": {"name": name, "contact": contact, "phone": customer["phone"] if has("phone") else None, "email": mail},
             "ship_to": {"name": None, "address": customer["address"] if has("address") else None, "contact": None, "phone": None},
             "currency": None, "payment_terms": layout.words["pay"] if has("terms") else None, "incoterm": None,
             "requested_delivery": wanted.isoformat() if has("wanted") else None, "shipping_method": None, "lines": lines,
             "total": f"{total}" if layout.total else None, "notes": None}
    sheet = {"letterhead": [name] if layout.letterhead else [], "title": layout.words["title"],
             "heads": [(layout.words[it], values[it]) for it in layout.heads],
             "table": [[layout.words[it] for it in layout.columns]] + rows,
             "total": (layout.words["total"], figure(total, layout, SIGNS.get(currency, ""))) if layout.total else None,
             "remark": layout.words["remark"] if layout.remark else None}
    return code, contact, mail, sheet, order, skus


# Formats


def width(text):
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def as_text(sheet, layout):
    out = sheet["letterhead"] + [sheet["title"], ""]
    pairs = [f"{label}{layout.colon}{value}" for label, value in sheet["heads"]]
    if layout.side:
        pairs = ["    ".join(pairs[at:at + 2]) for at in range(0, len(pairs), 2)]
    out += pairs + [""]
    widths = [max(width(row[at]) for row in sheet["table"]) + 3 for at in range(len(sheet["table"][0]))]
    for row in sheet["table"]:
        if layout.style == "pipes":
            out.append("| " + " | ".join(row) + " |")
        elif layout.style == "tabs":
            out.append("\t".join(row))
        else:
            out.append("".join(cell + " " * (size - width(cell)) for cell, size in zip(row, widths)).rstrip())
    if sheet["total"]:
        out += ["", layout.colon.join(sheet["total"])]
    return "\n".join(out + ["", sheet["remark"] or ""])


def as_html(sheet, layout):
    def row(cells, tag="td"):
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    pairs = [f"{label}{layout.colon}{value}" for label, value in sheet["heads"]]
    if layout.side:
        heads = "<table>" + "".join(row([label, value]) for label, value in sheet["heads"]) + "</table>"
    else:
        heads = "".join(f"<p>{escape(pair)}</p>" for pair in pairs)
    table = row(sheet["table"][0], "th") + "".join(row(it) for it in sheet["table"][1:])
    total = f"<p>{escape(layout.colon.join(sheet['total']))}</p>" if sheet["total"] else ""
    above = "".join(f"<h3>{escape(it)}</h3>" for it in sheet["letterhead"])
    return (f"<html><head><meta charset=\"utf-8\"></head><body>{above}<h2>{escape(sheet['title'])}</h2>{heads}"
            f"<table border=1>{table}</table>{total}<p>{escape(sheet['remark'] or '')}</p></body></html>")


def grid(sheet, layout):
    """All of it in rows of cells."""
    rows = [[it] for it in sheet["letterhead"]] + [[sheet["title"]], []]
    heads = sheet["heads"]
    if layout.side:
        for at in range(0, len(heads), 2):
            rows.append([cell for label, value in heads[at:at + 2] for cell in (label + layout.colon.strip(), value, "")])
    else:
        rows += [[f"{label}{layout.colon}{value}"] for label, value in heads]
    rows += [[]] + sheet["table"]
    if sheet["total"]:
        row = [""] * len(sheet["table"][0])
        row[0], row[layout.columns.index("amount")] = sheet["total"]
        rows.append(row)
    return rows + ([[sheet["remark"]]] if sheet["remark"] else [])


def as_csv(sheet, layout):
    out = io.StringIO()
    csv.writer(out).writerows(grid(sheet, layout))
    return out.getvalue().encode("gb18030" if layout.number % 2 else "utf-8-sig")


def packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def as_xlsx(sheet, layout):
    def cell(text, row, column):
        place = f"{chr(65 + column)}{row}"
        plain = text.replace(",", "")
        number = plain.replace(".", "", 1).isdigit() and (plain[0] != "0" or plain[1:2] == ".") and len(plain) < 12
        if number and not layout.sign:
            return f'<c r="{place}"><v>{plain}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(text)}</t></is></c>' if text else ""

    rows = "".join(f'<row r="{at}">' + "".join(cell(text, at, column) for column, text in enumerate(row)) + "</row>"
                   for at, row in enumerate(grid(sheet, layout), 1))
    space = "http://schemas.openxmlformats.org"
    return packed({
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="rId1" Type='
        f'"{space}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}/spreadsheetml/2006/main" xmlns:r="{space}/officeDocument/2006/relationships">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="rId1" Type='
        f'"{space}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>',
    })


def as_docx(sheet, layout):
    def paragraph(text):
        return f"<w:p><w:r><w:t xml:space=\"preserve\">{escape(text)}</w:t></w:r></w:p>"

    def table(rows):
        inside = "".join("<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>" for row in rows)
        return f"<w:tbl>{inside}</w:tbl>"

    heads = [f"{label}{layout.colon}{value}" for label, value in sheet["heads"]]
    body = "".join(paragraph(it) for it in sheet["letterhead"] + [sheet["title"]])
    if layout.side:
        body += table([heads[at:at + 2] + [""] * (2 - len(heads[at:at + 2])) for at in range(0, len(heads), 2)])
    else:
        body += "".join(paragraph(it) for it in heads)
    body += table(sheet["table"]) + (paragraph(layout.colon.join(sheet["total"])) if sheet["total"] else "")
    body += paragraph(sheet["remark"] or "")
    space = "http://schemas.openxmlformats.org"
    return packed({
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types"/>',
        "word/document.xml": f'<w:document xmlns:w="{space}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>',
    })


def as_pdf(sheet, layout):
    face = "STSong-Light" if layout.language == "zh" else "Helvetica"
    plain = ParagraphStyle("plain", fontName=face, fontSize=9, leading=12)
    title = ParagraphStyle("title", fontName=face, fontSize=15, leading=20, alignment=1)
    out = io.BytesIO()
    font = [("FONT", (0, 0), (-1, -1), face, 8)]
    rules = {"grid": [("GRID", (0, 0), (-1, -1), 0.5, "black")], "rows": [("LINEBELOW", (0, 0), (-1, -1), 0.4, "black")],
             "head": [("LINEBELOW", (0, 0), (-1, 0), 0.8, "black")], "none": []}[layout.ruling]
    heads = [f"{label}{layout.colon}{value}" for label, value in sheet["heads"]]
    story = [Paragraph(escape(it), title) for it in sheet["letterhead"] + [sheet["title"]]] + [Spacer(1, 6)]
    if layout.side:
        rows = [[Paragraph(escape(it), plain) for it in heads[at:at + 2]] + [""] * (2 - len(heads[at:at + 2]))
                for at in range(0, len(heads), 2)]
        story.append(Table(rows, style=font, colWidths=[250, 250]))
    else:
        story += [Paragraph(escape(it), plain) for it in heads]
    names = {"description": 140, "part": 85, "line": 28, "date": 68}
    rows = [[Paragraph(escape(cell), plain) if name == "description" else cell for name, cell in zip(layout.columns, row)]
            for row in sheet["table"]]
    story += [Spacer(1, 8), Table(rows, style=font + rules + [("VALIGN", (0, 0), (-1, -1), "MIDDLE")],
                                  colWidths=[names.get(it, 52) for it in layout.columns]), Spacer(1, 6)]
    if sheet["total"]:
        story.append(Paragraph(escape(layout.colon.join(sheet["total"])), plain))
    if sheet["remark"]:
        story.append(Paragraph(escape(sheet["remark"]), plain))
    SimpleDocTemplate(out, pagesize=A4, leftMargin=40, rightMargin=40).build(story)
    return out.getvalue()


def letter(layout, dice, name):
    code, contact, mail, sheet, order, skus = draw(layout, dice)
    message = EmailMessage()
    message["From"] = f"{contact} <{mail}>"
    message["To"] = "orders@hengtong.example"
    message["Date"] = "Wed, 18 Mar 2026 09:30:00 +0800"
    message["Message-ID"] = f"<{name}@{mail.split('@')[1]}>"
    subject = layout.words["subject"] if layout.subject else layout.words["title"]
    message["Subject"] = subject.format(order["po_number"])
    words, source = layout.words, "body"
    sign = f"\n\n{contact}\n"
    if layout.format == "text":
        message.set_content(f"{words['above']}\n\n{as_text(sheet, layout)}{sign}", cte="base64")
    elif layout.format == "html":
        message.set_content(as_html(sheet, layout), subtype="html", cte="base64")
    else:
        message.set_content(words["hello"] + sign, cte="base64")
        source = f"PO_{order['po_number'].replace('/', '-')}.{layout.format}"
        data = {"csv": as_csv, "xlsx": as_xlsx, "docx": as_docx, "pdf": as_pdf}[layout.format](sheet, layout)
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=source)
    if message.is_multipart():
        message.set_boundary("part-of-the-mail")
    truth = {"file": f"generated/{name}.eml", "channel": "mail", "kind": "order", "language": layout.language, "difficulty": 1,
             "features": [layout.format], "source": source, "order": order, "more_orders": [],
             "accept": {"order.customer.name": [order["customer"]["name"], CUSTOMERS[code]["name"], CUSTOMERS[code]["name_en"], None],
                        "order.notes": [None, layout.words["remark"]]},
             "expect": {"customer_code": code, "skus": skus}}
    return bytes(message), truth


def main(out, count=600, seed="1"):
    for at in range(int(count)):
        layout = Layout(at % LAYOUTS)
        name = f"{'held-out' if layout.number % 2 else 'fit'}-{layout.number:02d}-{at // LAYOUTS:02d}"
        data, truth = letter(layout, random.Random(f"{seed} {at}"), name)
        folder = Path(out) / name.rsplit("-", 2)[0]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.eml").write_bytes(data)
        (folder / f"{name}.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
