//! Rules of the product category: each line's attributes against the JSON Schema of its product's category.

use super::Case;
use super::attributes::{Sums, given};
use super::schemas::{Category, Place, Text};
use crate::master::Product;
use crate::master::text::simple;
use crate::order::line::Line;
use crate::order::problem::{Code, Problem, Severity};
use crate::order::review::Queue;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

#[must_use]
pub fn check(case: &Case<'_>) -> Vec<Problem> {
    let (notes, sums) = (notes(case), Sums::new(case));
    // Most orders are of one category: its view of the notes is kept from line to line.
    let mut kept: Option<(&Category, Text)> = None;
    let mut problems: Vec<Problem> = Vec::new();
    for (at, line) in case.content.lines.iter().enumerate() {
        let product = line.sku.as_deref().and_then(|sku| case.facts.master.product(sku));
        let schema = product.and_then(|product| case.facts.categories.of(&product.category));
        let (Some(product), Some(schema)) = (product, schema) else { continue };
        let (_, notes) = match kept.take() {
            Some((of, text)) if std::ptr::eq(of, schema) => kept.insert((of, text)),
            Some(_) | None => kept.insert((schema, schema.text(Place::Order, &notes))),
        };
        for problem in (Position { case, at, line, product, schema, notes, sums: &sums }).problems() {
            let known = |other: &Problem| other.path == problem.path && other.expected == problem.expected;
            if !problems.iter().any(known) {
                problems.push(problem);
            }
        }
    }
    problems
}

/// Whether the schema of the line's category frees it of its product's minimum order.
pub(super) fn frees_of_minimum(case: &Case<'_>, at: usize, sums: &Sums<'_>) -> bool {
    let frees = || {
        let line = case.content.lines.get(at)?;
        let product = case.facts.master.product(line.sku.as_deref()?)?;
        let schema = case.facts.categories.of(&product.category).filter(|schema| schema.can_free())?;
        let notes = schema.text(Place::Order, &notes(case));
        let line = Position { case, at, line, product, schema, notes: &notes, sums };
        Some(schema.frees_of_minimum(&line.attributes().0))
    };
    frees().unwrap_or(false)
}

fn notes(case: &Case<'_>) -> String {
    let notes = case.draft.order.as_ref().and_then(|order| order.notes.as_ref());
    notes.map_or(String::new(), |notes| simple(&notes.value))
}

/// One line to be held against its schema.
struct Position<'a> {
    case: &'a Case<'a>,
    at: usize,
    line: &'a Line,
    product: &'a Product,
    schema: &'a Category,
    notes: &'a Text,
    sums: &'a Sums<'a>,
}

impl<'a> Position<'a> {
    fn problems(&self) -> Vec<Problem> {
        let (attributes, from_notes, odd) = self.attributes();
        let broken = self.schema.broken(&attributes);
        let broken = broken.iter().map(|error| problem(self.schema, error, self.at, &from_notes));
        broken.chain(odd).collect()
    }

    /// What the texts say of the line and what is known of it, the names of what only the order's notes say, and where a text
    /// says something else than the products' table.
    fn attributes(&self) -> (Value, Vec<&'a str>, Vec<Problem>) {
        let (line, product) = (self.line, self.product);
        let joined =
            |texts: &[Option<&str>]| simple(&texts.iter().flatten().copied().collect::<Vec<_>>().join(" "));
        let said = [
            Some(line.description.as_str()),
            line.spec.as_deref(),
            line.color.as_deref(),
            line.note.as_deref(),
        ];
        let own = [Some(product.name.as_str()), product.name_en.as_deref(), product.spec.as_deref()];
        let said = self.schema.text(Place::Line, &joined(&said));
        let own = self.schema.text(Place::Product, &joined(&own));
        let (mut attributes, mut from_notes) = self.schema.attributes([&said, &own, self.notes]);
        let odd = self.of_table(&mut attributes, &said);
        from_notes.retain(|name| !product.attr.contains_key(*name));
        attributes.append(&mut given(self.case, line, product, self.sums));
        (Value::Object(attributes), from_notes, odd)
    }

    /// What the products' table says of an attribute counts more than what a text says; that the order says something else is
    /// for a person to see.
    fn of_table(&self, attributes: &mut Map<String, Value>, said: &Text) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, text) in &self.product.attr {
            let value = self.schema.typed(name, text);
            for (said, path) in [(said, format!("lines.{}", self.at)), (self.notes, "notes".to_owned())] {
                if let Some(other) = self.schema.said(said, name).filter(|other| **other != value) {
                    let path = format!("{path}.{name}");
                    let problem = Problem::new(Code::CategoryRule, path, Severity::Review, Queue::Technical);
                    problems.push(problem.found(other).expected(&value));
                }
            }
            attributes.insert(name.clone(), value);
        }
        problems
    }
}

fn problem(
    schema: &Category,
    error: &jsonschema::ValidationError<'_>,
    at: usize,
    from_notes: &[&str],
) -> Problem {
    let rule = error.schema_path().to_string();
    let mut field = error.instance_path().to_string().trim_matches('/').replace('/', ".");
    if let ValidationErrorKind::Required { property } = error.kind() {
        field = property.as_str().unwrap_or_default().to_owned();
    }
    let name = schema.beside(&rule, "x-rule").map_or_else(|| rule.clone(), str::to_owned);
    let about = schema.beside(&rule, "x-about").map_or_else(|| field.clone(), str::to_owned);
    if field.is_empty() {
        field.clone_from(&about);
    }
    let about = about.as_str();
    let path =
        if from_notes.contains(&about) { format!("notes.{field}") } else { format!("lines.{at}.{field}") };
    let severity = match schema.beside(&rule, "x-severity") {
        Some("note") => Severity::Note,
        Some("blocks") => Severity::Blocks,
        Some(_) | None => Severity::Review,
    };
    let queue = schema.beside(&rule, "x-queue").unwrap_or("technical");
    let clears = Queue::ALL.into_iter().find(|known| known.as_str() == queue).unwrap_or(Queue::Technical);
    let found = (!error.instance().is_object()).then(|| error.instance().to_string());
    Problem { found, ..Problem::new(Code::CategoryRule, path, severity, clears).expected(name) }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::check::desk::{Desk, text};

    fn broken(part: &str, description: &str, notes: &str) -> Vec<String> {
        let mut desk = Desk::new(&[&format!("{part}|{description}|1000|条|0.47")]);
        desk.order().notes = text(notes);
        let mut said = desk.says(check);
        said.sort();
        said.into_iter().map(|it| it.trim_start_matches("category_rule ").to_owned()).collect()
    }

    #[test]
    fn zippers_follow_their_rules() {
        for (line, notes, expected) in [
            ("18cm", "", &[][..]),
            // The slider comes before its puller.
            ("自动头 拉片 18cm", "", &[]),
            ("拉片+自动头 18cm", "", &["lines.0.puller_before_slider true slider_before_puller"]),
            // A brand mark needs its position; without the house mark, the general manager.
            ("18cm 拉片刻字", "", &[]),
            ("18cm LOGO", "", &["lines.0.brand_position brand_position"]),
            ("18cm LOGO", "LOGO在背面", &[]),
            ("18cm 不打标", "", &["lines.0.no_house_mark true no_house_mark"]),
            ("18cm", "without house mark", &["notes.no_house_mark true no_house_mark"]),
            // Needle detection: up to 8 for 3#, 4# and 5#.
            ("18cm 检针8级", "", &[]),
            ("18cm 检针9级", "", &["lines.0.needle_grade 9.0 needle_grade_of_size"]),
            (
                "18cm 检针11级",
                "",
                &["lines.0.needle_grade 11.0 needle_grade", "lines.0.needle_grade 11.0 needle_grade_of_size"],
            ),
            // Needle-safe is free of nickel; free of nickel need not be needle-safe.
            ("18cm 过检针 含镍", "", &["lines.0.with_nickel true needle_safe_is_nickel_free"]),
            ("18cm 过检针 不含镍", "", &[]),
            ("18cm 含镍", "", &[]),
            ("18cm 不含镍", "", &[]),
            // Oeko-Tex names its class, or another standard is named.
            ("18cm", "OEKO-TEX 100 一类，全部过检针机", &[]),
            ("18cm", "OEKO-TEX certificate required", &["notes.eco_class eco_class"]),
            ("18cm", "OEKO-TEX 或 GB 18401", &[]),
            // Tests are named.
            ("18cm", "色牢度要好", &["notes.test_named test_named"]),
            ("18cm", "色牢度≥4级", &[]),
            ("18cm", "色牢度 GB/T 3920", &[]),
            ("18cm 检针8级", "色牢度要好", &["notes.test_named test_named"]),
            // A swatch is given or to follow; then the line waits.
            ("18cm", "按色卡", &["notes.swatch swatch"]),
            ("18cm", "色卡已寄", &[]),
            ("18cm", "颜色见随附色卡", &[]),
            ("18cm", "色卡后补", &["notes.swatch_to_follow true swatch_to_follow"]),
            // Tooling: the customer's stamped request and the countersigned drawing; free of charge, the deputy GM.
            (
                "18cm",
                "需开模",
                &[
                    "notes.countersigned_drawing countersigned_drawing",
                    "notes.stamped_request stamped_request",
                    "notes.tooling true tooling",
                ],
            ),
            ("18cm", "需开模，附盖章的开模申请和会签图纸", &["notes.tooling true tooling"]),
            (
                "18cm",
                "免费开模，盖章申请、签字图纸已寄",
                &["notes.free_tooling true free_tooling", "notes.tooling true tooling"],
            ),
            ("18cm", "先打样，确认后生产", &["notes.sample_first true sample_first"]),
        ] {
            let expected: Vec<String> = expected.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(broken("A18", line, notes), expected, "{line} {notes}");
        }
    }

    #[test]
    fn what_the_notes_break_is_said_once_for_all_lines() {
        let mut desk = Desk::new(&["A18|18cm|1000|条|0.47", "A20|20cm|1000|条|0.6"]);
        desk.order().notes = text("色卡后补");
        assert_eq!(desk.says(check), ["category_rule notes.swatch_to_follow true swatch_to_follow"]);
    }

    #[test]
    fn what_the_table_says_of_a_product_counts_more_than_texts() {
        let mut desk = Desk::new(&["A18|18cm 检针9级|1000|条|0.47"]);
        desk.give("N18", "needle_grade", "8");
        assert_eq!(desk.says(check), ["category_rule lines.0.needle_grade 9.0 8.0"]);
        desk.order().lines[0].description = text("18cm");
        assert!(desk.says(check).is_empty());
        desk.give("N18", "needle_grade", "9");
        assert_eq!(desk.says(check), ["category_rule lines.0.needle_grade 9.0 needle_grade_of_size"]);
    }

    #[test]
    fn a_new_customers_washed_metal_zipper_needs_a_trial() {
        let line = "|5#金属闭尾 古铜 18cm|1000|条|1.10";
        let mut desk = Desk::new(&[line]).from("石狮市蓝豚泳装有限公司", "cai@lantun.example");
        desk.order().lines[0].note = text("成衣水洗");
        assert_eq!(desk.says(check), ["category_rule lines.0.trial_sample trial_sample"]);
        desk.order().lines[0].note = text("成衣水洗，先试洗");
        assert!(desk.says(check).is_empty());
        desk = Desk::new(&[line]);
        desk.order().lines[0].note = text("成衣水洗");
        assert!(desk.says(check).is_empty(), "he is no new customer");
    }

    #[test]
    fn printed_packaging_has_a_proof() {
        for (line, notes, expected) in [
            ("TAG2||3000|张|0.11", "数码打样确认", &[][..]),
            ("TAG2||3000|张|0.11", "", &["lines.0.proof proof"]),
            ("TAG2||3000|张|0.11", "无需打样", &["lines.0.proof proof"]),
            ("TAG2||3000|张|0.11", "按上次印刷品", &["notes.proof old_print_is_no_proof"]),
            ("TAG2||3000|张|0.11", "颜色参考旧印刷品，另行打样", &[]),
            ("TAG2||45454|张|0.11", "数码打样确认", &[]),
            ("TAG2||45455|张|0.11", "数码打样确认", &["lines.0.conventional_proof conventional_proof"]),
            ("TAG2||45455|张|0.11", "传统打样", &[]),
            ("TAG2||45455|张|0.11", "按上次印刷品", &["lines.0.conventional_proof conventional_proof"]),
            ("TAG||3000|张|0.11", "按确认样", &["lines.0.material print_material"]),
            ("TAG2||3000|张|0.10", "按确认样", &[]),
            (
                "LBL||3000|张|0.10",
                "按确认样",
                &[
                    "lines.0.material print_material",
                    "lines.0.printing print_finishing",
                    "lines.0.size print_size",
                ],
            ),
            (
                "TAG2||3000|张|0.10",
                "数码打样，设计稿后补",
                &["notes.artwork_to_follow true artwork_to_follow"],
            ),
            ("TAG2||3000|张|0.10", "先打样", &["notes.sample_first true sample_first"]),
        ] {
            let mut desk = Desk::new(&[line]);
            desk.order().notes = text(notes);
            let mut said = desk.says(check);
            said.sort();
            let said: Vec<&str> = said.iter().map(|it| it.trim_start_matches("category_rule ")).collect();
            assert_eq!(said, expected, "{line} {notes}");
        }
    }

    #[test]
    fn the_amount_that_asks_for_a_conventional_proof_is_the_categorys() {
        let lines = ["TAG2||25000|张|0.10", "TAG2||25100|张|0.10", "A18|18cm|9000|条|0.47"];
        let mut desk = Desk::new(&lines);
        desk.order().notes = text("数码打样确认");
        let rule = "conventional_proof conventional_proof";
        let wanted = [0, 1].map(|at| format!("category_rule lines.{at}.{rule}"));
        assert_eq!(desk.says(check), wanted);
        desk.order().lines.remove(0);
        assert!(desk.says(check).is_empty(), "the zippers do not count");
    }

    #[test]
    fn cartons_have_a_barcode_and_a_least_number_for_distributors() {
        let least = "category_rule lines.0.barcode_quantity 19 cartons_per_barcode";
        let barcode = "category_rule lines.0.barcode carton_barcode";
        for (customer, line, new_market, expected) in [
            ("武汉江城优品商贸有限公司", "C1||20|箱|96", false, &[][..]),
            ("武汉江城优品商贸有限公司", "C1||19|箱|96", false, &[least]),
            ("武汉江城优品商贸有限公司", "C1||10|箱|96", true, &[]),
            (
                "武汉江城优品商贸有限公司",
                "C1||9|箱|96",
                true,
                &["category_rule lines.0.barcode_quantity 9 cartons_per_barcode"],
            ),
            ("武汉江城优品商贸有限公司", "C2||1|箱|72", false, &[]),
            ("武汉江城优品商贸有限公司", "C3||1|箱|300", false, &[]),
            ("武汉江城优品商贸有限公司", "C4||20|箱|108", false, &[barcode]),
            ("武汉江城优品商贸有限公司", "C4|散装瓜子 6970000010795|20|箱|108", false, &[]),
            ("武汉江城优品商贸有限公司", "C4|散装瓜子 6970000010796|20|箱|108", false, &[barcode]),
            ("东莞市岭澜制衣有限公司", "C1||19|箱|96", false, &[]),
        ] {
            let mut desk = Desk::new(&[line]);
            if customer != "东莞市岭澜制衣有限公司" {
                desk = desk.from(customer, "he@jiangcheng.example");
            }
            if new_market {
                desk.settings.new_market_regions = vec!["Central".to_owned()];
            }
            assert_eq!(desk.says(check), expected, "{customer} {line} {new_market}");
        }
        let two = Desk::new(&["C1||12|箱|96", "C1||8|箱|96"]);
        let two = two.from("武汉江城优品商贸有限公司", "he@jiangcheng.example");
        assert!(two.says(check).is_empty(), "what counts is the barcode, not the line");
    }

    #[test]
    fn the_firms_own_schema_adds_a_category_with_its_limits() {
        let own = r#"{"x-categories": ["码装拉链"], "x-queue": "sales", "type": "object", "x-rule": "整卷起订",
            "properties": {"quantity": {"minimum": 200}, "order_amount": {"maximum": 300}}}"#;
        let mut desk = Desk::new(&["T5||150|米|0.58", "T5||400|米|0.58"]);
        assert!(desk.says(check).is_empty());
        desk.schemas = vec![("tape.json".to_owned(), own.as_bytes().to_vec())];
        let mut said = desk.says(check);
        said.sort();
        let expected = [
            "category_rule lines.0.order_amount 319 整卷起订",
            "category_rule lines.0.quantity 150 整卷起订",
            "category_rule lines.1.order_amount 319 整卷起订",
        ];
        assert_eq!(said, expected);
        desk.schemas[0].1 = own.replace("300", "400").replace("200", "150").into_bytes();
        assert!(desk.says(check).is_empty(), "the numbers stand in the file");
    }

    #[test]
    fn every_rule_that_ships_has_its_words() {
        fn names(value: &serde_json::Value, found: &mut Vec<String>) {
            if let Some(name) = value.get("x-rule").and_then(serde_json::Value::as_str) {
                found.push(format!("category_rule.{name}"));
            }
            let below = value.as_object().map(|it| it.values().collect::<Vec<_>>());
            let below = below.or_else(|| value.as_array().map(|it| it.iter().collect()));
            below.into_iter().flatten().for_each(|value| names(value, found));
        }
        let wording = crate::order::wording::Wording::shipped().unwrap();
        let mut found = Vec::new();
        for text in [
            include_str!("../../schemas/category/zipper.json"),
            include_str!("../../schemas/category/packaging.json"),
            include_str!("../../schemas/category/carton.json"),
            include_str!("../../schemas/category/generic.json"),
        ] {
            names(&serde_json::from_str(text).unwrap(), &mut found);
        }
        found.retain(|name| !wording.has(name));
        assert_eq!(found, [""; 0]);
    }
}
