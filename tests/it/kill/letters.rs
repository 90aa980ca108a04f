//! What customers send: small orders that need nobody, and now and then one that comes twice, is none, or has to wait.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use fastrand::Rng;

pub(crate) struct Letter {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Letters {
    pub(crate) all: Vec<Letter>,
    /// How many are orders that came for the first time.
    pub(crate) orders: usize,
}

const CUSTOMERS: [(&str, &str, &str); 3] = [
    ("陈婉仪", "wanyi.chen@linglan.example", "东莞市岭澜制衣有限公司"),
    ("林素芬", "sufen.lin@haitang-knit.example", "宁波海棠针织服饰有限公司"),
    ("梁伟强", "muye@muye-wear.example", "中山市沙溪牧野休闲服厂"),
];

const GOODS: [(&str, u64); 2] =
    [("5#尼龙闭尾拉链 自动头 黑色580 15cm", 45), ("5#尼龙闭尾拉链 自动头 黑色580 18cm", 47)];

impl Letters {
    /// One in twenty is sent twice, one in twenty is no order, one in ten is large enough that somebody has to look.
    pub(crate) fn make(rng: &mut Rng, count: usize) -> Self {
        let today = today();
        let mut letters = Self { all: Vec::new(), orders: 0 };
        for number in 0..count {
            let bytes = match rng.u32(0..20) {
                0 if number > 0 => letters.all[rng.usize(0..number)].bytes.clone(),
                1 => holiday(number, today),
                kind => {
                    letters.orders += 1;
                    order(rng, number, if kind < 4 { 20 } else { 1 }, today)
                }
            };
            letters.all.push(Letter { name: format!("letter-{number:04}.eml"), bytes });
        }
        letters
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test reads the real clock")]
pub(crate) fn today() -> DateTime<FixedOffset> {
    Utc::now().with_timezone(&FixedOffset::east_opt(8 * 3600).unwrap())
}

fn order(rng: &mut Rng, number: usize, times: u64, today: DateTime<FixedOffset>) -> Vec<u8> {
    let (name, mail, firm) = CUSTOMERS[rng.usize(0..CUSTOMERS.len())];
    let (mut lines, mut total) = (String::new(), 0);
    for position in 1..=rng.u64(1..=2) {
        let (goods, cents) = GOODS[rng.usize(0..GOODS.len())];
        let quantity = 1000 * times * rng.u64(1..=2);
        let amount = quantity * cents;
        total += amount;
        lines += &format!(
            "{position} | {goods} | {quantity} | 条 | 0.{cents} | {}.{:02}\r\n",
            amount / 100,
            amount % 100
        );
    }
    let ordered = today.format("%Y-%m-%d");
    let wanted = (today + TimeDelta::days(rng.i64(20..26))).format("%Y-%m-%d");
    let body = format!(
        "采购单号：PO-{number:04}\r\n下单日期：{ordered}\r\n交货日期：{wanted}\r\n收货地址：{firm} 一号仓\r\n\r\n\
         序号 | 品名 | 数量 | 单位 | 单价 | 金额\r\n{lines}合计金额：{}.{:02}\r\n\r\n{firm}\r\n{name}\r\n",
        total / 100,
        total % 100
    );
    mail_of(number, mail, &format!("采购单 PO-{number:04}"), &body, today)
}

/// A small order of this customer, which nobody has to look at; wanted soon, so that it leaves at once.
pub(crate) fn one(customer: &str, po: &str) -> Vec<u8> {
    let today = today();
    let (_, _, firm) = CUSTOMERS.iter().find(|(_, mail, _)| *mail == customer).unwrap();
    let (goods, cents) = GOODS[0];
    let (ordered, wanted) = (today.format("%Y-%m-%d"), (today + TimeDelta::days(1)).format("%Y-%m-%d"));
    let body = format!(
        "采购单号：{po}\r\n下单日期：{ordered}\r\n交货日期：{wanted}\r\n收货地址：{firm} 一号仓\r\n\r\n\
         序号 | 品名 | 数量 | 单位 | 单价 | 金额\r\n1 | {goods} | 1000 | 条 | 0.{cents} | {cents}0.00\r\n\
         合计金额：{cents}0.00\r\n\r\n{firm}\r\n林素芬\r\n"
    );
    mail_of(1, customer, &format!("采购单 {po}"), &body, today)
}

fn holiday(number: usize, today: DateTime<FixedOffset>) -> Vec<u8> {
    mail_of(number, CUSTOMERS[0].1, "自动回复: 休假", "您好，我本周休假，请联系同事。\r\n", today)
}

fn mail_of(number: usize, from: &str, subject: &str, body: &str, today: DateTime<FixedOffset>) -> Vec<u8> {
    let date = today.to_rfc2822();
    format!(
        "From: <{from}>\r\nTo: orders@hengtong.example\r\nSubject: {subject}\r\nDate: {date}\r\n\
         Message-ID: <letter-{number}@customer.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    )
    .into_bytes()
}
