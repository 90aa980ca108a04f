//! A small firm and orders written as lines of text: what the checks' case tables are made with.

use super::{Around, Case, Categories, CheckSettings, Facts, SamePo, Surety, check_all, resolve, sure};
use crate::master::{Master, Tables, import};
use crate::order::document::{Channel, Envelope, Kind, Language};
use crate::order::draft::{Confidence, Draft, DraftLine, DraftOrder, Evidence, Field, Found};
use crate::order::ids::Ids;
use crate::order::money::{Currency, Exchange};
use crate::order::problem::Problem;
use chrono::{DateTime, NaiveDate};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

const CUSTOMERS: &str = "\
code,name,name_en,type,grade,mail_domains,contacts,phone,fax,address,currency,payment_terms,credit_limit,discount_floor,region
K1,东莞市岭澜制衣有限公司,Linglan Garment Co.,factory,key,linglan.example,陈婉仪 <chen@linglan.example>,0769-5550-1201,,虎门,CNY,monthly60,10000,0.90,South
K2,石狮市蓝豚泳装有限公司,,factory,new,lantun.example,蔡丽娜 <cai@lantun.example>,0595-5550-7731,,,CNY,prepaid,0,0.95,South
K4,武汉江城优品商贸有限公司,,distributor,normal,jiangcheng.example,何 <he@jiangcheng.example>,,,汉口,CNY,monthly30,100000,0.90,Central
K3,Northgate Apparel Ltd,,overseas,key,northgate.example,Helen <helen@northgate.example>,+44 20 5550 4101,,Leeds,USD,lc,1000,0.90,Europe
";
const PRODUCTS: &str = "\
sku,name,name_en,category,unit,spec,moq,pack_qty,lead_days,standard_price,currency,barcode,substitute
N18,5#尼龙闭尾拉链 自动头 黑色580 18cm,,尼龙拉链,条,18cm,1000,200,7,0.50,CNY,,
N20,5#尼龙闭尾拉链 自动头 黑色580 20cm,,尼龙拉链,条,20cm,1000,200,7,0.60,CNY,,N18
M18,5#金属闭尾拉链 YG头 古铜 18cm,,金属拉链,条,18cm,1000,200,10,1.10,CNY,,
T5,5#尼龙码装拉链 黑色580,,码装拉链,米,200米/卷,400,200,5,0.58,CNY,,
TAG,吊牌 双面彩印 5×9cm,hang tag 5x9cm,印刷包装,张,5×9cm,3000,1000,6,0.11,CNY,,
TAG2,吊牌 350g铜版纸 单色印刷 4×9cm,,印刷包装,张,4×9cm,3000,1000,6,0.10,CNY,,
LBL,主唛,,印刷包装,张,,3000,1000,6,0.10,CNY,,
C1,麻辣花生 120g×30袋/箱,,盒装消费品,箱,120g×30袋,20,1,3,96,CNY,6970000010429,
C2,牛肉面 5连包×6/箱,,盒装消费品,箱,5连包×6,20,1,3,72,CNY,6970000016711,
C3,礼盒 VIP专供,,盒装消费品,箱,,20,1,3,300,CNY,6970000017084,
C4,散装瓜子 200g×24袋/箱,,盒装消费品,箱,200g×24袋,1,1,3,108,CNY,,
";
const PRICES: &str = "\
customer_code,sku,price,min_qty,valid_from,valid_to
K1,N18,0.47,1000,2026-01-01,2026-12-31
K1,N18,0.45,10000,2026-01-01,2026-12-31
K1,N18,0.40,1000,2025-01-01,2025-12-31
K3,TAG,0.040,1,2026-01-01,2026-12-31
";
const PROMOTIONS: &str = "\
code,customer_code,sku,category,percent,valid_from,valid_to,min_total,currency
SPRING10,,,,10,2026-03-01,2026-03-31,0,CNY
OLD5,,,,5,2026-01-01,2026-03-19,0,CNY
NEXT5,,,,5,2026-03-21,2026-04-30,0,CNY
OTHER5,K2,,,5,2026-03-01,2026-03-31,0,CNY
TAGS20,,,印刷包装,20,2026-03-01,2026-03-31,0,CNY
BIG5,K1,N18,,5,2026-03-01,2026-03-31,4500,CNY
";
const ALIASES: &str = "customer_code,customer_part_no_or_name,sku\nK1,A18,N18\nK1,A20,N20\nK3,NG-TAG,TAG\n";
const STOCK: &str = "sku,warehouse,on_hand,reserved\nN18,W1,3000,500\nN18,W2,600,100\nT5,W1,100,0\n";
const BALANCES: &str = "customer_code,receivable,overdue,oldest_due_date\nK1,5000,0,\nK3,10,3,2026-01-01\n";

const LISTS: [(&str, &str); 3] = [
    (
        "price_lists",
        "list,version,currency,valid_from,valid_to,published_on,told\nKEY,1,CNY,2026-01-01,,2025-12-25,\n",
    ),
    (
        "list_prices",
        "list,version,sku,min_qty,price\nKEY,1,N18,0,0.49\nKEY,1,N20,0,0.57\nKEY,1,N20,5000,0.55\n",
    ),
    (
        "addresses",
        "customer_code,kind,name,address,contact,phone\n\
        K1,ship_to,岭澜二厂,东莞市虎门镇长堤路18号,林工,0769-5550-9999\nK1,bill_to,总部,虎门,,\n",
    ),
];

pub(super) fn master() -> Master {
    Master::from_tables(tables())
}

fn tables() -> Tables {
    let mut tables = Tables::default();
    for (table, text) in [
        ("customers", CUSTOMERS),
        ("products", PRODUCTS),
        ("prices", PRICES),
        ("aliases", ALIASES),
        ("stock", STOCK),
        ("balances", BALANCES),
        ("promotions", PROMOTIONS),
        (
            "departments",
            "code,name,name_zh,mail,manager_mail\nSAL,Sales,销售部,sales@own.example,m@own.example\n",
        ),
    ] {
        tables.put(table, import::import(table, table, text.as_bytes()).unwrap().body).unwrap();
    }
    tables
}

pub(super) fn field<T>(value: T) -> Field<T> {
    Field { value, evidence: Evidence::Line { line: 1 }, confidence: Confidence::FULL }
}

pub(super) fn text(text: &str) -> Found<String> {
    (!text.is_empty()).then(|| field(text.to_owned()))
}

pub(super) fn number(text: &str) -> Found<Decimal> {
    (!text.is_empty()).then(|| field(text.parse().unwrap()))
}

pub(super) fn date(text: &str) -> Found<NaiveDate> {
    (!text.is_empty()).then(|| field(text.parse().unwrap()))
}

/// An order on the desk, to be changed by a case before it is checked.
pub(super) struct Desk {
    pub(super) master: Master,
    pub(super) settings: CheckSettings,
    pub(super) exchange: Exchange,
    pub(super) tax: BTreeMap<Currency, Decimal>,
    /// Category schemas of the firm's own, by file name.
    pub(super) schemas: Vec<(String, Vec<u8>)>,
    pub(super) reserved: BTreeMap<String, Decimal>,
    pub(super) open_credit: Option<Decimal>,
    pub(super) envelope: Envelope,
    pub(super) channel: Channel,
    pub(super) draft: Draft,
}

impl Desk {
    /// An order of K1 by mail on 2026-03-20, wanted on 2026-04-20. A line is `part | description | quantity | unit |
    /// price | amount | date`; what is blank the order does not say.
    pub(super) fn new(lines: &[&str]) -> Self {
        let mut order = DraftOrder {
            po_number: text("PO-1"),
            requested_delivery: date("2026-04-20"),
            lines: lines.iter().map(|columns| line(columns)).collect(),
            ..DraftOrder::default()
        };
        order.customer.name = text("东莞市岭澜制衣有限公司");
        Self {
            master: master(),
            settings: CheckSettings::default(),
            exchange: Exchange {
                book: Currency::CNY,
                rates: [(Currency::USD, "7.10".parse().unwrap())].into(),
            },
            tax: [(Currency::CNY, "0.13".parse().unwrap())].into(),
            schemas: Vec::new(),
            reserved: BTreeMap::new(),
            open_credit: None,
            envelope: Envelope {
                from_address: Some("chen@linglan.example".to_owned()),
                ..Envelope::default()
            },
            channel: Channel::Mail,
            draft: Draft {
                source: "body".to_owned(),
                kind: Kind::Order,
                kind_confidence: Confidence::FULL,
                language: Language::Zh,
                order: Some(order),
                refers_to: None,
                unread: Vec::new(),
            },
        }
    }

    /// The same firm with a price list and known addresses of K1.
    pub(super) fn with_list(mut self) -> Self {
        let mut tables = tables();
        for (table, text) in LISTS {
            tables.put(table, import::import(table, table, text.as_bytes()).unwrap().body).unwrap();
        }
        tables.customers[0].price_list = Some("KEY".to_owned());
        self.master = Master::from_tables(tables);
        self
    }

    /// The same firm with these tables.
    pub(super) fn holding(mut self, more: &[(&str, &str)]) -> Self {
        let mut tables = tables();
        for (table, text) in more {
            tables.put(table, import::import(table, table, text.as_bytes()).unwrap().body).unwrap();
        }
        self.master = Master::from_tables(tables);
        self
    }

    /// The products' table says this of a product.
    pub(super) fn give(&mut self, sku: &str, name: &str, value: &str) {
        let mut tables = tables();
        let product = tables.products.iter_mut().find(|product| product.sku == sku).unwrap();
        product.attr.insert(name.to_owned(), value.to_owned());
        self.master = Master::from_tables(tables);
    }

    /// One unit of these products costs so much, in their currency.
    pub(super) fn costs(mut self, costs: &[(&str, &str)]) -> Self {
        let mut tables = tables();
        for product in &mut tables.products {
            let own = costs.iter().find(|(sku, _)| *sku == product.sku);
            product.standard_cost = own.map(|(_, cost)| cost.parse().unwrap());
        }
        self.master = Master::from_tables(tables);
        self
    }

    /// The same order by another customer of the table.
    pub(super) fn from(mut self, name: &str, address: &str) -> Self {
        self.order().customer.name = text(name);
        self.envelope.from_address = Some(address.to_owned());
        self
    }

    pub(super) fn order(&mut self) -> &mut DraftOrder {
        self.draft.order.get_or_insert_default()
    }

    /// Runs something on the case that this desk holds.
    pub(super) fn with<T>(&self, same: &[SamePo<'_>], look: impl Fn(&Case<'_>) -> T) -> T {
        let around = Around {
            envelope: &self.envelope,
            channel: self.channel,
            on: NaiveDate::from_ymd_opt(2026, 3, 20).unwrap(),
        };
        let ids = Ids::new(uuid::Uuid::from_u128(1), DateTime::UNIX_EPOCH);
        let resolved = resolve(&self.draft, &around, &ids, &self.master);
        let categories = Categories::new(self.schemas.clone()).unwrap();
        let facts = Facts {
            master: &self.master,
            categories: &categories,
            settings: &self.settings,
            exchange: &self.exchange,
            tax: &self.tax,
            open_credit: self.open_credit,
            reserved: &self.reserved,
            same,
        };
        let (content, draft) = (&resolved.content, &self.draft);
        look(&Case { content, draft, around: &around, resolved: &resolved, facts: &facts })
    }

    /// What one check says: `code path found expected`, without what there is not.
    pub(super) fn says(&self, check: fn(&Case<'_>) -> Vec<Problem>) -> Vec<String> {
        self.with(&[], |case| check(case).iter().map(said).collect())
    }

    pub(super) fn surety(&self) -> Surety {
        self.with(&[], |case| sure(case, &check_all(case)))
    }
}

pub(super) fn said(problem: &Problem) -> String {
    let parts = [
        Some(problem.code.as_str()),
        Some(&problem.path),
        problem.found.as_deref(),
        problem.expected.as_deref(),
    ];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn line(columns: &str) -> DraftLine {
    let mut columns = columns.split('|').map(str::trim);
    let mut next = || columns.next().unwrap_or("");
    DraftLine {
        line: None,
        customer_part: text(next()),
        description: text(next()),
        quantity: number(next()),
        unit: text(next()),
        unit_price: number(next()),
        amount: number(next()),
        delivery_date: date(next()),
        spec: None,
        color: None,
        note: None,
    }
}
