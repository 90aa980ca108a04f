#!/usr/bin/env python3
"""Writes the orders of a folder of truth files as a clerk would have keyed them: for `gendan rehearse --keyed`.

    python3 keyed.py truth > keyed.csv

One line of an order a row. What repeats or contradicts an earlier order was not keyed again.
"""
import csv
import json
import pathlib
import sys

out = csv.writer(sys.stdout)
out.writerow(["po_number", "customer_code", "sku", "quantity", "unit", "unit_price", "delivery_date"])
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    truth = json.loads(file.read_text(encoding="utf-8"))
    expect = truth.get("expect") or {}
    problems = expect.get("problems") or []
    if truth["kind"] != "order" or any(p.startswith(("duplicate_of", "conflicts_with")) for p in problems):
        continue
    skus = iter(expect["skus"])
    for order in [truth["order"], *truth.get("more_orders", [])]:
        for line in order["lines"]:
            sku = next(skus)
            if not order["po_number"] or not sku:
                continue
            date = line["delivery_date"] or order["requested_delivery"]
            cells = [order["po_number"], expect["customer_code"], sku, line["quantity"], line["unit"], line["unit_price"], date]
            out.writerow("" if cell is None else cell for cell in cells)
