//! Product texts as customers write them: which product each one means, and which ones mean none for sure.

use super::sample::{World, field, tables};
use gendan::check::{Around, How, resolve};
use gendan::master::tables::{Alias, Product};
use gendan::master::{Master, Tables};
use gendan::order::document::{Channel, Envelope, Kind, Language};
use gendan::order::draft::{Confidence, Draft, DraftLine, DraftOrder, Found};

/// More than one product fits.
const AMBIGUOUS: &str = "?";
/// None fits.
const UNKNOWN: &str = "-";

fn found(text: &str) -> Found<String> {
    (!text.is_empty()).then(|| field(text.to_owned()))
}

/// Part, description, spec and colour parted with `|`, blank where the document has none.
fn line(columns: &str) -> DraftLine {
    let mut columns = columns.split('|').map(str::trim);
    let mut next = || found(columns.next().unwrap_or(""));
    let (customer_part, description, spec, color) = (next(), next(), next(), next());
    DraftLine { customer_part, description, spec, color, ..DraftLine::default() }
}

/// What the master makes of each line of an order of this customer: the SKU, `?` or `-`.
fn products(master: &Master, kind: Kind, customer: &str, lines: &[&str]) -> Vec<(String, Option<How>)> {
    let mut order =
        DraftOrder { lines: lines.iter().map(|columns| line(columns)).collect(), ..DraftOrder::default() };
    order.customer.name = found(customer);
    let draft = Draft {
        source: "body".to_owned(),
        kind,
        kind_confidence: Confidence::FULL,
        language: Language::Zh,
        order: Some(order),
        refers_to: None,
        unread: Vec::new(),
    };
    let envelope = Envelope::default();
    let on = "2026-03-20".parse().unwrap();
    let around = Around { envelope: &envelope, channel: Channel::Mail, on };
    let resolved = resolve(&draft, &around, &super::sample::ids(), master);
    let word = |line: &gendan::check::LineMatch| match (&line.sku, line.candidates.is_empty()) {
        (Some(sku), _) => sku.clone(),
        (None, true) => UNKNOWN.to_owned(),
        (None, false) => AMBIGUOUS.to_owned(),
    };
    resolved.lines.iter().map(|line| (word(line), line.how)).collect()
}

fn assert_cases(master: &Master, kind: Kind, customer: &str, cases: &[(&str, &str)]) {
    let lines: Vec<&str> = cases.iter().map(|(columns, _)| *columns).collect();
    let found = products(master, kind, customer, &lines);
    let wrong = cases.iter().zip(&found).filter(|((_, expected), (found, _))| expected != found);
    let wrong: Vec<String> =
        wrong.map(|((text, expected), (found, _))| format!("{text}: {found} ≠ {expected}")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_in_any_order_and_column_mean_one_product() {
    assert_cases(
        &World::load().master,
        Kind::Order,
        "",
        &[
            ("|5#尼龙闭尾 自动头|18cm|黑色580", "HT-N5C-A-580-018"),
            ("|黑色580 18cm 自动头 5#尼龙闭尾", "HT-N5C-A-580-018"),
            ("|18cm自动头5#尼龙闭尾拉链黑色580", "HT-N5C-A-580-018"),
            ("|5#尼龙闭尾拉链，自动头，黑色580，18cm", "HT-N5C-A-580-018"),
            ("|５＃尼龙闭尾　自动头　黑色５８０　１８ｃｍ", "HT-N5C-A-580-018"),
            ("|5号尼龙闭尾 黑 180mm", "HT-N5C-A-580-018"),
            ("|尼龙拉链5# 闭尾|18公分|580", "HT-N5C-A-580-018"),
            ("|5#尼龙闭尾 自锁头 18厘米 580#黑色", "-"),
            ("|5#尼龙闭尾 自锁头 18厘米 580黑色", "HT-N5C-A-580-018"),
            ("|规格：5#尼龙闭尾 长度：18cm 颜色：黑色", "HT-N5C-A-580-018"),
            ("|5#尼龍閉尾拉鏈 自動頭|18cm|黑色580", "HT-N5C-A-580-018"),
            ("|3#隱形拉鍊 水滴頭|22cm|大紅519", "HT-I3C-519-022"),
            ("|3#隐形 22cm 白", "HT-I3C-501-022"),
            ("|5#树脂开尾 DA头 60cm 藏青", "HT-R5O-DA-560-060"),
            ("|5#塑钢开尾拉链 60cm|藏青560", "HT-R5O-DA-560-060"),
            ("|5#尼龙码装 深灰", "HT-N5T-575"),
            ("|5#尼龙长链 黑色 200米/卷", "HT-N5T-580"),
            ("|8#尼龙码装拉链|200米/卷|红", "HT-N8T-519"),
            ("|树脂四眼扣|24L|黑", "HT-BR4-24L-BK"),
            ("|四眼钮扣 28L 牛角纹", "HT-BR4-28L-HN"),
            ("|四合扣|15mm|古铜", "HT-BS15-GT"),
            ("|古铜四合扣 12.5mm", "HT-BS125-GT"),
            ("|工字扣 1.7cm 银色", "HT-BJ17-YN"),
            ("|8#拉头 葫芦头", "HT-S8-HL"),
            ("|3#拉头 DA", "HT-S3-DA"),
            ("|5#自动拉头", "HT-S5-A"),
            ("|5#黑色拉头 针扣", "HT-S5-P"),
            ("|洗唛 缎带 3*6cm", "PK-WCL-01"),
            ("|彩盒|20*15*6cm", "PK-BOX-01"),
            ("|纸箱 60×40×40cm 五层", "PK-CTN-01"),
            ("|OPP袋 25x35cm 5丝", "PK-BAG-02"),
            ("|麻辣花生 120克×30袋", "FG-001"),
            ("|桂花乌龙茶饮 500毫升*15瓶", "FG-014"),
            ("|一碗香红烧牛肉面", "FG-018"),
            ("|禾田夹心威化 香草味", "FG-006"),
        ],
    );
}

#[test]
fn english_texts_mean_the_same_products() {
    assert_cases(
        &World::load().master,
        Kind::Order,
        "",
        &[
            ("|#5 nylon closed-end zipper, auto-lock slider, black 580, 18cm", "HT-N5C-A-580-018"),
            ("|Nylon zip no. 5 closed end 18 cm, navy", "HT-N5C-A-560-018"),
            ("|5# nylon open end zippers auto lock|60cm|dark gray", "HT-N5O-A-575-060"),
            ("|Moulded zip #5 open-end, DA slider, 65cm|Red", "HT-R5O-DA-519-065"),
            ("|#5 metal closed-end zip 15cm, antique brass", "HT-M5C-YG-GT-015"),
            ("|#5 metal closed-end zip 15cm|bronze", "HT-M5C-YG-QT-015"),
            ("|concealed zip #3, 22cm, white", "HT-I3C-501-022"),
            ("|snap button 15 mm nickel", "HT-BS15-YN"),
            ("|rigid gift box 25x25x8cm", "PK-BOX-03"),
            ("|dried mango 100g x 40 per carton", "FG-009"),
            ("|auto lock 拉头 8#", "HT-S8-A"),
            ("|#5 nylon closed-end zipper 18cm", AMBIGUOUS),
            ("|#5 nylon zipper, pin-lock slider, black, 18cm", UNKNOWN),
            ("|#5 metal zipper, pink", UNKNOWN),
        ],
    );
}

#[test]
fn what_the_text_leaves_open_is_never_guessed() {
    assert_cases(
        &World::load().master,
        Kind::Order,
        "",
        &[
            ("|5#尼龙闭尾 自动头 18cm", AMBIGUOUS),
            ("|5#尼龙闭尾 自动头 黑色580", AMBIGUOUS),
            ("|5#拉链 黑色 18cm", AMBIGUOUS),
            ("|尼龙闭尾 黑 20cm", AMBIGUOUS),
            ("|8#金属码装 黑", AMBIGUOUS),
            ("|5#自动头", AMBIGUOUS),
            ("|四合扣 古铜", AMBIGUOUS),
            ("|禾田夹心威化 250g×16盒", AMBIGUOUS),
            ("|洗水唛", AMBIGUOUS),
            ("|树脂四眼扣 黑色", AMBIGUOUS),
            ("|5#金属闭尾 15cm", AMBIGUOUS),
        ],
    );
}

#[test]
fn one_word_that_no_product_has_makes_the_text_unknown() {
    assert_cases(
        &World::load().master,
        Kind::Order,
        "",
        &[
            ("|5#尼龙闭尾 自动头 黑色580 25cm", UNKNOWN),
            ("|5#尼龙闭尾 自动头 黑色581 18cm", UNKNOWN),
            ("|4#尼龙闭尾 自动头 黑色580 18cm", UNKNOWN),
            ("|5#尼龙闭尾 自动头 紫色 18cm", UNKNOWN),
            ("|5#尼龙开尾 自动头 黑色580 18cm", UNKNOWN),
            ("|5#尼龙双开尾 自动头 黑色580 60cm", UNKNOWN),
            ("|洁芳厨房湿巾 40片×24包", UNKNOWN),
            ("|洁芳湿巾 40片×24包", UNKNOWN),
            ("|四合扣 15cm 古铜", UNKNOWN),
            ("|5#尼龙闭尾 防水 黑色580 18cm", UNKNOWN),
            ("|彩盒 15×20×6cm", UNKNOWN),
            ("|黑色", UNKNOWN),
            ("|", UNKNOWN),
            ("|蜀香牌酸辣花生", UNKNOWN),
            ("|见附图", UNKNOWN),
            ("580|", UNKNOWN),
            ("|18cm", UNKNOWN),
            ("|3 519 22", UNKNOWN),
        ],
    );
}

#[test]
fn a_word_within_a_longer_one_is_another_word() {
    assert_cases(
        &World::load().master,
        Kind::Order,
        "",
        &[
            ("|5#金属闭尾 YG头 古铜 15cm", "HT-M5C-YG-GT-015"),
            ("|5#金属闭尾 YG头 青古铜 15cm", "HT-M5C-YG-QT-015"),
            ("|8#金属码装 枪黑", "HT-M8T-QH"),
        ],
    );
}

#[test]
fn part_numbers_and_codes_name_a_product_unless_the_text_contradicts() {
    let master = World::load().master;
    let customer = "东莞市岭澜制衣有限公司";
    assert_cases(
        &master,
        Kind::Order,
        customer,
        &[
            ("LL-FL-1180|拉链", "HT-N5C-A-580-018"),
            ("ll-fl-1180|", "HT-N5C-A-580-018"),
            ("|LL-FL-1180 5#尼龙闭尾 18cm", "HT-N5C-A-580-018"),
            ("HT-S5-A|", "HT-S5-A"),
            ("|拉头（HT-S5-A）黑", "HT-S5-A"),
            ("6970000010429|花生", "FG-001"),
            ("6970000010428|花生", "FG-001"),
            ("LL-FL-1180|5#尼龙闭尾 自动头|20cm|黑色580", AMBIGUOUS),
            ("LL-FL-1180|5#尼龙闭尾|18cm|藏青", AMBIGUOUS),
            ("LL-FL-1180|5#尼龙闭尾 自动头 款号 2688 内袋用|18cm|黑", "HT-N5C-A-580-018"),
            ("LL-FL-1180|HT-N5C-A-580-020", AMBIGUOUS),
            ("LL-XX-0000|5#尼龙闭尾|18cm|藏青", "HT-N5C-A-560-018"),
            ("LL-XX-0000|", UNKNOWN),
            ("PP-S8-A|", UNKNOWN),
        ],
    );
    let linghan = "嘉兴凌寒户外用品有限公司";
    assert_cases(
        &master,
        Kind::Order,
        linghan,
        &[
            ("|大身拉链|70cm|黑", "HT-N5O-A-580-070"),
            ("|大身拉链|65cm|黑", AMBIGUOUS),
            ("LH-2218-60K|大身拉链", AMBIGUOUS),
            ("LH-3305-65H|大身拉链(红)|65cm|大红", "HT-R5O-DA-519-065"),
        ],
    );
    assert_cases(
        &master,
        Kind::Amendment,
        customer,
        &[
            ("LL-FL-1180|5#尼龙闭尾 自动头|18cm|藏青560", "HT-N5C-A-560-018"),
            ("LL-FL-1180|5#尼龙闭尾 自动头|18cm|", "HT-N5C-A-580-018"),
            ("LL-FL-1180|5#尼龙闭尾 自动头|18cm|紫色", "HT-N5C-A-580-018"),
        ],
    );
}

#[test]
fn whole_names_part_numbers_and_loose_words_are_told_apart() {
    let how =
        |text: &str| products(&World::load().master, Kind::Order, "东莞市岭澜制衣有限公司", &[text])[0].1;
    assert_eq!(how("|5#尼龙闭尾拉链 自动头|18cm|黑色580"), Some(How::Name));
    assert_eq!(how("|5#尼龙闭尾 自动头|18cm|黑色580"), Some(How::Text));
    assert_eq!(how("LL-FL-1180|5#尼龙闭尾"), Some(How::Alias));
    assert_eq!(how("HT-N5C-A-580-018|"), Some(How::Sku));
    assert_eq!(how("6970000010429|"), Some(How::Barcode));
}

#[test]
fn prose_and_garbage_take_no_time_and_mean_nothing() {
    let master = World::load().master;
    for text in [
        "尼龙".repeat(50_000),
        "5#尼龙闭尾 黑色580 18cm ".repeat(5_000),
        "9".repeat(100_000),
        "a×1".repeat(50_000),
    ] {
        assert_eq!(products(&master, Kind::Order, "C1001", &[&format!("|{text}")])[0].0, UNKNOWN);
        assert_ne!(products(&master, Kind::Order, "C1001", &[&format!("LL-FL-1180|{text}")])[0].0, UNKNOWN);
    }
}

/// Other trades: electronics, screws, drinks.
fn other_trades() -> Master {
    let product = |sku: &str, name: &str, name_en: &str| Product {
        sku: sku.to_owned(),
        name: name.to_owned(),
        name_en: Some(name_en.to_owned()),
        category: "其他".to_owned(),
        unit: "个".to_owned(),
        spec: None,
        moq: 1.into(),
        pack_qty: 1.into(),
        lead_days: 3,
        standard_price: 1.into(),
        currency: gendan::order::money::Currency::CNY,
        barcode: None,
        standard_cost: None,
        attr: std::collections::BTreeMap::new(),
    };
    Master::from_tables(Tables {
        products: vec![
            product("R-0603-10K", "贴片电阻 0603 10K 1%", "chip resistor 0603 10k 1%"),
            product("R-0603-100K", "贴片电阻 0603 100K 1%", "chip resistor 0603 100k 1%"),
            product("R-0805-10K", "贴片电阻 0805 10K 5%", "chip resistor 0805 10k 5%"),
            product("SC-M6-20", "内六角螺丝 M6×20 304不锈钢", "socket head screw M6x20 stainless 304"),
            product("SC-M6-25", "内六角螺丝 M6×25 304不锈钢", "socket head screw M6x25 stainless 304"),
            product("SC-M6-20-12", "内六角螺丝 M6×20 12.9级发黑", "socket head screw M6x20 grade 12.9 black"),
            product("DR-330", "柠檬汽水 330ml×24罐", "lemon soda 330ml x24 cans"),
            product("DR-330-0", "无糖柠檬汽水 330ml×24罐", "sugar free lemon soda 330ml x24 cans"),
        ],
        ..Tables::default()
    })
}

#[test]
fn other_trades_texts_follow_the_same_rules() {
    assert_cases(
        &other_trades(),
        Kind::Order,
        "",
        &[
            ("|贴片电阻 0603 10K", "R-0603-10K"),
            ("|贴片电阻 0603 100K 1%", "R-0603-100K"),
            ("|贴片电阻 10K", AMBIGUOUS),
            ("|贴片电阻 0402 10K", UNKNOWN),
            ("|贴片电容 0603 10K", UNKNOWN),
            ("|不锈钢内六角螺丝 M6×20", "SC-M6-20"),
            ("|内六角螺丝 M6*25", "SC-M6-25"),
            ("|内六角螺丝 M6×20", AMBIGUOUS),
            ("|内六角螺丝 M8×20", UNKNOWN),
            ("|socket head screws M6 x 25", "SC-M6-25"),
            ("|柠檬汽水 330毫升×24罐", "DR-330"),
            ("|无糖柠檬汽水 330ml", "DR-330-0"),
            ("|柠檬汽水", "DR-330"),
            ("|汽水 330ml", AMBIGUOUS),
            ("|桃味汽水 330ml×24罐", UNKNOWN),
        ],
    );
}

#[test]
fn a_firms_own_words_and_aliases_join_the_look_up() {
    let mut tables = tables();
    let word = |word: &str, means: &str| gendan::master::tables::Word {
        word: word.to_owned(),
        means: means.to_owned(),
    };
    tables.words = vec![word("宝蓝", "藏青"), word("ykk style", "")];
    tables.aliases.push(Alias {
        customer_code: "C1001".to_owned(),
        customer_part_no_or_name: "内袋链".to_owned(),
        sku: "HT-N3C-P-580-015".to_owned(),
    });
    assert_cases(
        &Master::from_tables(tables),
        Kind::Order,
        "C1001",
        &[
            ("|5#尼龙闭尾 宝蓝 18cm", "HT-N5C-A-560-018"),
            ("|内袋链|15cm|黑", "HT-N3C-P-580-015"),
            ("|内袋链|12cm|黑", AMBIGUOUS),
        ],
    );
}
