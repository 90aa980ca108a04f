//! What customers send in the simulation: small mails, each unlike the others, with now and then a trap.

use super::chaos::Chaos;

/// An order that was sent: whose, its number, and of what it asks how many thousand pieces.
#[derive(Debug, Clone)]
struct Sent {
    customer: u64,
    po: u64,
    lines: Vec<(u64, u64)>,
}

/// A customer's mail, and whether the same bytes were sent before.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

const CUSTOMERS: [(&str, &str, &str); 4] = [
    ("岭澜", "wanyi.chen@linglan.example", "东莞市岭澜制衣有限公司"),
    ("海棠", "sufen.lin@haitang-knit.example", "宁波海棠针织服饰有限公司"),
    ("牧野", "muye@muye-wear.example", "中山市沙溪牧野休闲服厂"),
    ("聚芯", "lou@juxin-yw.example", "义乌市聚芯辅料商行"),
];

const GOODS: [(&str, &str, &str); 4] = [
    ("5#尼龙闭尾拉链 自动头 黑色580 15cm", "条", "0.45"),
    ("5#尼龙闭尾拉链 自动头 黑色580 18cm", "条", "0.47"),
    ("5#尼龙闭尾拉链 自动头 本白501 15cm", "条", "0.45"),
    ("5#尼龙闭尾拉链 自动头 黑色580 20cm", "条", "0.48"),
];

/// The letters of one run: orders, changes and cancellations of them, some sent twice, some of one PO number, some that are no
/// orders, and broken ones. In a `rush` they are all of one customer for the same goods, and half of them change what went
/// before: for one credit limit, one stock and one running number.
pub(super) fn letters(chaos: &Chaos, count: u64, rush: bool) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    let mut sent: Vec<Sent> = Vec::new();
    if rush {
        let (customer, goods) = (chaos.below(4), chaos.below(4));
        for number in 0..2 * count {
            let letter = if chaos.often(300) { change(chaos, number, &sent) } else { None };
            let order = || order(chaos, (number, number), (customer, 1, &[goods]), &mut sent);
            letters.push(letter.unwrap_or_else(order));
        }
        return letters;
    }
    for number in 0..count {
        let letter = match chaos.below(14) {
            0 if !letters.is_empty() => repeated(chaos, &letters, number),
            1 => not_an_order(number),
            2 => broken(number),
            3 => any_order(chaos, number, number.saturating_sub(1), &mut sent),
            4..=6 => {
                change(chaos, number, &sent).unwrap_or_else(|| any_order(chaos, number, number, &mut sent))
            }
            _ => any_order(chaos, number, number, &mut sent),
        };
        letters.push(letter);
    }
    letters
}

fn any_order(chaos: &Chaos, number: u64, po: u64, sent: &mut Vec<Sent>) -> Letter {
    let customer = chaos.below(4);
    let goods: Vec<u64> = (0..=chaos.below(3)).map(|_| chaos.below(4)).collect();
    order(chaos, (number, po), (customer, 9, &goods), sent)
}

/// An order of a customer for some goods, of each at most so many thousand pieces.
fn order(
    chaos: &Chaos,
    (number, po): (u64, u64),
    (customer, most, goods): (u64, u64, &[u64]),
    sent: &mut Vec<Sent>,
) -> Letter {
    let (name, mail, firm) = CUSTOMERS[customer as usize];
    let asked: Vec<(u64, u64)> = goods.iter().map(|goods| (*goods, 1 + chaos.below(most))).collect();
    let mut lines = String::new();
    let mut total = 0u64;
    for (position, (goods, thousands)) in (1..).zip(&asked) {
        let (goods, unit, price) = GOODS[*goods as usize];
        let quantity = 1000 * thousands;
        let cents = price.replace("0.", "").parse::<u64>().unwrap();
        let amount = quantity * cents;
        total += amount;
        lines += &format!(
            "{position} | {goods} | {quantity} | {unit} | {price} | {}.{:02}\r\n",
            amount / 100,
            amount % 100
        );
    }
    let day = 9 + chaos.below(5);
    let body = format!(
        "采购单号：PO-{po:04}\r\n下单日期：2026-03-06\r\n交货日期：2026-03-{day:02}\r\n收货地址：{firm} 一号仓\r\n\r\n\
         序号 | 品名 | 数量 | 单位 | 单价 | 金额\r\n{lines}合计金额：{}.{:02}\r\n\r\n{firm}\r\n{name}\r\n",
        total / 100,
        total % 100
    );
    sent.push(Sent { customer, po, lines: asked });
    mail_of(number, mail, &format!("采购单 PO-{po:04}"), &body)
}

/// The customer changes one of his orders, or takes it back; none while he has sent none.
fn change(chaos: &Chaos, number: u64, sent: &[Sent]) -> Option<Letter> {
    let Sent { customer, po, lines } = sent.get(chaos.below(sent.len() as u64) as usize)?;
    let (name, mail, firm) = CUSTOMERS[*customer as usize];
    if chaos.often(250) {
        let body = format!(
            "你好，\r\n\r\n因客户取消订单，我司3月6日的采购单 PO-{po:04} 请取消，勿再生产。\r\n\r\n{name}\r\n{firm}\r\n"
        );
        return Some(mail_of(number, mail, &format!("采购单 PO-{po:04} 取消"), &body));
    }
    let (goods, thousands) = lines[chaos.below(lines.len() as u64) as usize];
    let (goods, unit, _) = GOODS[goods as usize];
    let body = format!(
        "你好，\r\n\r\n我司3月6日的采购单 PO-{po:04} 有变更：\r\n1、{goods}，数量由{}{unit}改为{}{unit}。\r\n\
         其余不变，请回复确认。\r\n\r\n{name}\r\n{firm}\r\n",
        1000 * thousands,
        1000 * (1 + chaos.below(9)),
    );
    Some(mail_of(number, mail, &format!("Re: 采购单 PO-{po:04} 变更通知"), &body))
}

fn repeated(chaos: &Chaos, letters: &[Letter], number: u64) -> Letter {
    let first = &letters[chaos.below(letters.len() as u64) as usize];
    Letter { name: format!("again-{number}.eml"), bytes: first.bytes.clone() }
}

fn not_an_order(number: u64) -> Letter {
    mail_of(number, "wanyi.chen@linglan.example", "自动回复: 休假", "您好，我本周休假，请联系同事。\r\n")
}

fn broken(number: u64) -> Letter {
    Letter { name: format!("broken-{number}.eml"), bytes: format!("\u{0}\u{1}%%{number}").into_bytes() }
}

fn mail_of(number: u64, from: &str, subject: &str, body: &str) -> Letter {
    let text = format!(
        "From: <{from}>\r\nTo: orders@hengtong.example\r\nSubject: {subject}\r\nDate: Fri, 06 Mar 2026 09:00:00 +0800\r\n\
         Message-ID: <letter-{number}@customer.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}"
    );
    Letter { name: format!("letter-{number}.eml"), bytes: text.into_bytes() }
}
