"""Writes mails that bring orders as data (UBL, EDIFACT, JSON), as RTF and in winmail.dat, each with its truth: python3 generate.py.

The firms, goods and figures are invented.
"""

import json
import struct
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from xml.sax.saxutils import escape

HERE = Path(__file__).parent
UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
CODES = {"条": "C62", "pcs": "C62", "m": "MTR", "pairs": "PR", "kg": "KGM"}

GERMAN = {"name": "Nordwerk Outdoor GmbH", "contact": "Jana Weber", "phone": "0049 40 5550 1010",
          "email": "einkauf@nordwerk.example"}
CHINESE = {"name": "厦门海澜箱包有限公司", "contact": "许佳宁", "phone": "0592-5550-6601", "email": "xujn@hailan-bag.example"}
EMPTY = {"name": None, "address": None, "contact": None, "phone": None}


def line(number, part, description, quantity, unit, price, **more):
    amount = f"{Decimal(quantity) * Decimal(price):.2f}" if price else None
    return {"line": str(number), "customer_part": part, "description": description, "spec": None, "color": None,
            "quantity": quantity, "unit": unit, "unit_price": price, "amount": amount, "delivery_date": None,
            "note": None} | more


def order(number, lines, customer, **more):
    total = sum(Decimal(it["amount"]) for it in lines if it["amount"])
    return {"po_number": number, "order_date": "2026-11-20", "customer": customer, "ship_to": EMPTY, "currency": None,
            "payment_terms": None, "incoterm": None, "requested_delivery": None, "shipping_method": None, "lines": lines,
            "total": f"{total:.2f}" if total else None, "notes": None} | more


def write(name, mail, attachment, source, said, kind="order", language="en", refers_to=None, text="", accept=None):
    """A mail with one file, and what it says."""
    customer = mail
    message = EmailMessage()
    message["From"] = f"{customer['contact']} <{customer['email']}>"
    message["To"] = "orders@hengtong.example"
    message["Subject"] = f"{name}"
    message["Date"] = "Fri, 20 Nov 2026 09:30:00 +0800"
    message["Message-ID"] = f"<{name}@{customer['email'].split('@')[1]}>"
    if text:
        message.set_content(text, cte="base64")
    if attachment:
        file, kind_of_file, data = attachment
        major, minor = kind_of_file.split("/")
        message.add_attachment(data, maintype=major, subtype=minor, filename=file)
    message.set_boundary("part-of-the-mail") if message.is_multipart() else None
    (HERE / f"{name}.eml").write_bytes(bytes(message))
    expect = {"refers_to": refers_to} if refers_to else {}
    truth = {"file": f"data/{name}.eml", "channel": "mail", "kind": kind, "language": language, "difficulty": 1,
             "features": ["data"], "source": source, "more_orders": [], "order": said, "accept": accept or {},
             "expect": expect}
    (HERE / f"{name}.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# UBL


def tag(name, text, **attributes):
    if text is None:
        return ""
    more = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<cbc:{name}{more}>{escape(str(text))}</cbc:{name}>"


def group(name, *inside):
    inside = "".join(inside)
    return f"<cac:{name}>{inside}</cac:{name}>" if inside else ""


def ubl_line(it, per=None, status=None):
    unit = CODES[it["unit"]]
    price = it["unit_price"] and Decimal(it["unit_price"]) * (per or 1)
    properties = [group("AdditionalItemProperty", tag("Name", name), tag("Value", it[key]))
                  for key, name in (("color", "Colour"), ("spec", "Size")) if it[key]]
    item = group("Item", tag("Name", it["description"]),
                 group("BuyersItemIdentification", tag("ID", it["customer_part"])), *properties)
    wanted = group("Delivery", group("RequestedDeliveryPeriod", tag("EndDate", it["delivery_date"])))
    return group("OrderLine", tag("Note", it["note"]), group(
        "LineItem", tag("ID", it["line"]), tag("LineStatusCode", status), tag("Quantity", it["quantity"], unitCode=unit),
        tag("LineExtensionAmount", it["amount"], currencyID="EUR"), wanted,
        group("Price", tag("PriceAmount", price, currencyID="EUR"), tag("BaseQuantity", per, unitCode=unit)), item))


def ubl(kind, said, lines, pretty=True, change=None):
    customer, to = said["customer"], said["ship_to"]
    parts = ["<cbc:CustomizationID>urn:fdc:peppol.eu:poacc:trns:order:3</cbc:CustomizationID>",
             tag("ID", change or said["po_number"]), tag("IssueDate", said["order_date"]), tag("Note", said["notes"]),
             tag("DocumentCurrencyCode", said["currency"])]
    if change:
        parts.append(group("OrderReference", tag("ID", said["po_number"])))
    parts += [group("BuyerCustomerParty", group("Party", group("PartyName", tag("Name", customer["name"])), group(
                  "Contact", tag("Name", customer["contact"]), tag("Telephone", customer["phone"]),
                  tag("ElectronicMail", customer["email"])))),
              group("SellerSupplierParty", group("Party", group("PartyName", tag("Name", "Hengtong Zipper & Trim Co., Ltd.")))),
              group("Delivery", group("DeliveryLocation", group("Address", *(to["address"] or []))), group(
                  "RequestedDeliveryPeriod", tag("EndDate", said["requested_delivery"])), group(
                  "DeliveryParty", group("PartyName", tag("Name", to["name"])) if to["name"] else "")),
              group("DeliveryTerms", tag("ID", said["incoterm"])), group("PaymentTerms", tag("Note", said["payment_terms"])),
              group("AnticipatedMonetaryTotal", tag("LineExtensionAmount", said["total"], currencyID="EUR")), *lines]
    head = (f'<?xml version="1.0" encoding="UTF-8"?><{kind} xmlns="{UBL}{kind}-2" xmlns:cac="{UBL}CommonAggregateComponents-2" '
            f'xmlns:cbc="{UBL}CommonBasicComponents-2">')
    text = head + "".join(parts) + f"</{kind}>"
    return (text.replace("><", ">\n<") if pretty else text).encode()


def ubl_orders():
    lines = [line(1, "NW-5501", "Nylon zipper #5 closed-end", "2500", "pcs", "0.47", spec="20 cm", color="black 580"),
             line(2, "NW-5502", "Nylon zipper #5 open-end", "1200", "pcs", "1.06", spec="60 cm", color="navy 560",
                  delivery_date="2026-12-18", note="polybag of 50"),
             line(3, "NW-9100", "Elastic cord 3 mm", "800", "m", "0.125")]
    street = [tag("StreetName", "Kaistrasse 12"), tag("CityName", "Hamburg"), tag("PostalZone", "20457"),
              group("Country", tag("IdentificationCode", "DE"))]
    said = order("NW-26-0881", lines, GERMAN, currency="EUR", incoterm="FOB", payment_terms="30 days net",
                 requested_delivery="2026-12-11", notes="Please confirm within two days.",
                 ship_to=EMPTY | {"name": "Nordwerk Lager 2", "address": street})
    data = ubl("Order", said, [ubl_line(it) for it in lines])
    said["ship_to"] = said["ship_to"] | {"address": "Kaistrasse 12, Hamburg 20457, DE"}
    write("ubl-order", GERMAN, ("NW-26-0881.bin", "application/octet-stream", data), "NW-26-0881.bin", said,
          text="Dear Sirs,\n\nplease find our order attached.\n\nJana Weber\n")

    lines = [line(1, "HL-01", "3#尼龙闭尾拉链 黑色580 18cm", "12000", "条", "0.385"),
             line(2, "HL-02", "5#尼龙开尾拉链 深灰575 60cm", "3000", "条", "1.06")]
    accept = {f"order.lines.{n}.unit": ["条", "pcs"] for n in range(2)}
    street = [tag("StreetName", "集美大道88号"), tag("CityName", "厦门市"), tag("CountrySubentity", "福建省")]
    said = order("HL-2611-07", lines, CHINESE, currency="CNY", payment_terms="月结60天", requested_delivery="2026-12-08",
                 ship_to=EMPTY | {"address": street})
    data = ubl("Order", said, [ubl_line(it, per=1000) for it in lines], pretty=False)
    said["ship_to"] = EMPTY | {"address": "福建省厦门市集美大道88号"}
    write("ubl-one-line", CHINESE, ("order.xml", "application/xml", data), "order.xml", said, language="zh",
          text="您好，订单数据见附件，请查收。\n许佳宁\n", accept=accept)

    lines = [line(1, "NW-5501", "Nylon zipper #5 closed-end", "3000", "pcs", "0.47"),
             line(3, "NW-9100", "Elastic cord 3 mm", "500", "m", "0.125")]
    said = order("NW-26-0881", lines, GERMAN, currency="EUR")
    data = ubl("OrderChange", said, [ubl_line(it, status="3") for it in lines], change="NW-26-0881-1")
    write("ubl-change", GERMAN, ("change.xml", "text/xml", data), "change.xml", said, kind="amendment",
          refers_to="NW-26-0881", text="Hello,\nthe attached file changes our order NW-26-0881.\nJana Weber\n")

    said = order("NW-26-0860", [], GERMAN, currency=None)
    data = ubl("OrderCancellation", said, [], change="NW-26-0860-C")
    write("ubl-cancellation", GERMAN, ("cancel.xml", "text/xml", data), "cancel.xml", None, kind="cancellation",
          refers_to="NW-26-0860", text="See attachment.\nJana Weber\n")


# EDIFACT


def interchange(kind, segments, una=True, marks="+:'", reference="88"):
    element, component, end = marks
    body = [s.replace("+", "\0").replace(":", component).replace("\0", element) for s in segments]
    count = len(body) + 2
    head = [f"UNB{element}UNOC{component}3{element}4000001000005{component}14{element}6900000000015{component}14{element}261120"
            f"{component}0930{element}{reference}", f"UNH{element}1{element}{kind}{component}D{component}96A{component}UN"]
    tail = [f"UNT{element}{count}{element}1", f"UNZ{element}1{element}{reference}"]
    advice = f"UNA{component}{element}.? {end}" if una else ""
    return (advice + end.join(head + body + tail) + end).encode("iso-8859-1")


def edifact_orders():
    lines = [line(1, "NW-5501", "Nylon zipper #5 closed-end 20 cm", "2500", "pcs", "0.47", color="black"),
             line(2, "NW-9100", "Elastic cord 3 mm", "800", "m", "0.125", delivery_date="2026-12-20")]
    said = order("NW-26-0902", lines, GERMAN, currency="EUR", incoterm="FOB Ningbo", payment_terms="30 days",
                 requested_delivery="2026-12-11",
                 ship_to=EMPTY | {"name": "Nordwerk Lager 2", "address": "Kaistraße 12, Hamburg 20457, DE"})
    segments = ["BGM+220+NW-26-0902+9", "DTM+137:20261120:102", "DTM+2:20261211:102", "NAD+SU+6900000000015::9",
                "NAD+BY+4000001000005::9++Nordwerk Outdoor GmbH", "CTA+OC+:Jana Weber", "COM+0049 40 5550 1010:TE",
                "COM+einkauf@nordwerk.example:EM", "NAD+DP+++Nordwerk Lager 2+Kaistraße 12+Hamburg++20457+DE", "CUX+2:EUR:9",
                "PAT+1++5:3:D:30", "TOD+3++FOB", "LOC+1+CNNGB:::Ningbo",
                "LIN+1++4006381333931:EN", "PIA+1+NW-5501:IN", "IMD+F++:::Nylon zipper #5 closed-end 20 cm", "IMD+F+35+:::black",
                "QTY+21:2500:PCE", "MOA+203:1175", "PRI+AAA:47:::100:PCE",
                "LIN+2", "PIA+1+NW-9100:IN", "IMD+F++:::Elastic cord 3 mm", "QTY+21:800:MTR", "DTM+2:20261220:102",
                "MOA+203:100", "PRI+AAA:0.125", "UNS+S", "MOA+79:1275", "CNT+2:2"]
    write("edifact-orders", GERMAN, ("orders.edi", "application/EDIFACT", interchange("ORDERS", segments)), "orders.edi", said,
          text="Order attached.\nJana Weber\n")

    lines = [line(1, "A+B'7", "Puller, metal", "300", "pcs", "0.9", delivery_date="2026-12-07", amount=None),
             line(1, "A+B'7", "Puller, metal", "700", "pcs", "0.9", delivery_date="2026-12-21", amount=None)]
    said = order("NW-26-0903", lines, GERMAN, currency="EUR", total="900.00", notes="Deliveries in two parts")
    segments = ["BGM+220+NW-26-0903+9", "DTM+137:261120:101", "FTX+AAI+++Deliveries in two parts",
                "NAD+BY+++Nordwerk Outdoor GmbH", "CTA+OC+:Jana Weber", "COM+0049 40 5550 1010:TE",
                "COM+einkauf@nordwerk.example:EM", "CUX+2:EUR:9", "LIN+1", "PIA+1+A?+B'7:BP", "IMD+F++:::Puller, metal",
                "QTY+21:1000:PCE", "QTY+11:300:PCE", "DTM+2:20261207:102", "QTY+11:700:PCE", "DTM+2:20261221:102",
                "PRI+AAA:0,9", "UNS+S", "MOA+86:900"]
    segments = [s.replace("?+", "\1").replace("+", "\0").replace(":", ";").replace("\0", "*").replace("\1", "+") for s in segments]
    element, end = "*", "~"
    head = [f"UNB*UNOC;3*4000001000005;14*6900000000015;14*261120;0930*89", "UNH*1*ORDERS;D;96A;UN"]
    tail = [f"UNT*{len(segments) + 2}*1", "UNZ*1*89"]
    data = ("UNA;*,? ~" + (end + "\r\n").join(head + segments + tail) + end).encode("iso-8859-1")
    write("edifact-parts", GERMAN, ("order.txt", "text/plain", data), "order.txt", said, text="Order attached.\nJana Weber\n")


# JSON, RTF, winmail.dat


def json_order():
    lines = [line(1, "HL-01", "3#尼龙闭尾拉链 黑色580", "12000", "条", "0.385", spec="18cm")]
    said = order("HL-WEB-19", lines, CHINESE, currency="CNY", requested_delivery="2026-12-08")
    data = json.dumps({"order": said, "type": "order.placed", "language": "zh"}, ensure_ascii=False, indent=2).encode()
    write("json-order", CHINESE, ("order.json", "application/json", data), "order.json", said, language="zh",
          text="系统订单，请查收。\n许佳宁\n")


def rtf_text(text, codepage=None):
    out = []
    for letter in text:
        if letter in "\\{}":
            out.append("\\" + letter)
        elif ord(letter) < 128:
            out.append(letter)
        elif codepage:
            out.append("".join(f"\\'{byte:02x}" for byte in letter.encode(codepage)))
        else:
            out.append(f"\\u{ord(letter) - (65536 if ord(letter) > 32767 else 0)}?")
    return "".join(out)


def rtf(said, codepage):
    def text(it):
        return rtf_text(str(it), codepage)

    head = ["行号", "料号", "品名", "数量", "单位", "单价", "金额"]
    keys = ["line", "customer_part", "description", "quantity", "unit", "unit_price", "amount"]
    rows = [head] + [[it[key] for key in keys] for it in said["lines"]]
    table = "".join("\\trowd" + "".join(f"\\cellx{1200 * (n + 1)}" for n in range(len(row)))
                    + "".join(f"\\pard\\intbl {text(cell)}\\cell" for cell in row) + "\\row" for row in rows)
    customer = said["customer"]
    above = [customer["name"], "采购订单", f"订单号：{said['po_number']}", f"下单日期：{said['order_date']}",
             f"联系人：{customer['contact']}", f"电话：{customer['phone']}", f"交货日期：{said['requested_delivery']}"]
    below = [f"合计：{said['total']}"]
    font = "\\fcharset134 SimSun;" if codepage else "\\fcharset0 Arial;"
    return (f"{{\\rtf1\\ansi\\ansicpg{'936' if codepage else '1252'}\\uc1{{\\fonttbl{{\\f0{font}}}}}\\f0 "
            + "".join(text(it) + "\\par\r\n" for it in above) + table + "\\pard "
            + "".join(text(it) + "\\par\r\n" for it in below) + "}").encode("ascii")


def attribute(level, number, data):
    return struct.pack("<BII", level, number, len(data)) + data + struct.pack("<H", sum(data) & 0xffff)


def properties(*values):
    out = struct.pack("<I", len(values))
    for kind, number, value in values:
        out += struct.pack("<HHII", kind, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def tnef(*attributes):
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def packed_rtf(data):
    """RTF as it is, in the frame of MS-OXRTFCP."""
    return struct.pack("<IIII", len(data) + 12, len(data), 0x414C454D, 0) + data


def office_orders():
    lines = [line(1, "HL-01", "3#尼龙闭尾拉链 黑色580 18cm", "12000", "条", "0.385"),
             line(2, "HL-02", "5#尼龙开尾拉链 深灰575 60cm", "3000", "条", "1.06")]
    said = order("HL-2611-11", lines, CHINESE, requested_delivery="2026-12-08")
    write("rtf-order", CHINESE, ("采购订单.doc", "application/msword", rtf(said, None)), "采购订单.doc", said, language="zh",
          text="您好，采购订单请见附件。\n许佳宁\n")
    said = order("HL-2611-12", lines, CHINESE, requested_delivery="2026-12-08")
    data = tnef(attribute(1, 0x69007, struct.pack("<II", 936, 0)),
                attribute(1, 0x69003, properties((0x102, 0x1009, packed_rtf(rtf(said, "gbk"))))))
    write("tnef-text", CHINESE, ("winmail.dat", "application/ms-tnef", data), "body", said, language="zh")
    said = order("HL-2611-13", lines, CHINESE, requested_delivery="2026-12-08")
    inner = tnef(attribute(1, 0x2800c, "转发订单".encode("gbk") + b"\0"), attribute(2, 0x69002, bytes(14)),
                 attribute(2, 0x18010, "订单.rtf".encode("gbk") + b"\0"), attribute(2, 0x6800f, rtf(said, "gbk")))
    data = tnef(attribute(1, 0x69007, struct.pack("<II", 936, 0)), attribute(2, 0x69002, bytes(14)),
                attribute(2, 0x69005, properties((0x1f, 0x3707, "转发.msg\0".encode("utf-16-le")),
                                                 (0xd, 0x3701, bytes(16) + inner))))
    write("tnef-in-tnef", CHINESE, ("winmail.dat", "application/ms-tnef", data), "winmail.dat/转发.msg/订单.rtf", said,
          language="zh", text="请看附件。\n许佳宁\n")


if __name__ == "__main__":
    ubl_orders()
    edifact_orders()
    json_order()
    office_orders()
