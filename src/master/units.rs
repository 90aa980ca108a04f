//! Units of measure: behind a number in a product text, and the units that quantities are ordered in.

use super::text::simple;
use rust_decimal::Decimal;

/// A decimal written down here: figures without the point, and how many of them stand behind it.
const fn dec(figures: u32, behind: u32) -> Decimal {
    Decimal::from_parts(figures, 0, 0, false, behind)
}

/// How many millimetres one unit of length is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    pub millimetres: Decimal,
}

/// Measures that may stand behind a number, also after a blank; longest first.
const MEASURES: &[(&str, &str)] = &[
    ("millimetre", "mm"),
    ("millimeter", "mm"),
    ("centimetre", "cm"),
    ("centimeter", "cm"),
    ("inches", "in"),
    ("metres", "m"),
    ("meters", "m"),
    ("metre", "m"),
    ("meter", "m"),
    ("inch", "in"),
    ("gsm", "g"),
    ("英寸", "in"),
    ("厘米", "cm"),
    ("公分", "cm"),
    ("毫米", "mm"),
    ("公斤", "kg"),
    ("千克", "kg"),
    ("毫升", "ml"),
    ("mm", "mm"),
    ("cm", "cm"),
    ("ml", "ml"),
    ("kg", "kg"),
    ("in", "in"),
    ("克", "g"),
    ("米", "m"),
    ("寸", "in"),
    ("号", "#"),
    ("#", "#"),
    ("\"", "in"),
    ("″", "in"),
    ("g", "g"),
    ("m", "m"),
];
/// Chinese counters: a unit only where no other word begins with them.
const COUNTERS: &str = "袋包盒瓶支块条片抽张个卷套箱粒只双丝件罐桶板束码升度克针股层孔眼齿";

/// The unit at the start of what stands behind a number, with the number of characters it takes.
pub(super) fn behind_number(rest: &str) -> Option<(usize, String)> {
    let trimmed = rest.trim_start_matches(' ');
    let blanks = rest.len() - trimmed.len();
    for (written, unit) in MEASURES {
        let Some(after) = trimmed.strip_prefix(written) else { continue };
        let next = after.chars().next();
        let ends = !written.ends_with(|c: char| c.is_ascii_alphabetic())
            || !next.is_some_and(|c| c.is_ascii_alphanumeric());
        let colour = *written == "米" && next.is_some_and(|c| "白黄色灰咖".contains(c));
        if ends && !colour {
            return Some((blanks + written.chars().count(), (*unit).to_owned()));
        }
    }
    if blanks > 0 {
        return None;
    }
    let letters: String = trimmed.chars().take_while(char::is_ascii_alphabetic).collect();
    if !letters.is_empty() && letters != "x" {
        let joined = trimmed[letters.len()..].starts_with(|c: char| c.is_ascii_digit());
        return (letters.len() <= 3 && !joined).then_some((letters.len(), letters));
    }
    let mut chars = trimmed.chars();
    let counter = chars.next().filter(|c| COUNTERS.contains(*c))?;
    let free = chars.next().is_none_or(|next| !super::text::is_han(next) || "装每入一".contains(next));
    free.then(|| (1, counter.to_string()))
}

pub(super) fn length(unit: &str) -> Option<Length> {
    let millimetres = match unit {
        "mm" => dec(1, 0),
        "cm" => dec(10, 0),
        "m" => dec(1000, 0),
        "in" => dec(254, 1),
        _ => return None,
    };
    Some(Length { millimetres })
}

/// Other measures in their smallest unit.
pub(super) fn canonical(value: Decimal, unit: &str) -> (Decimal, &str) {
    match (unit, value.checked_mul(dec(1000, 0))) {
        ("kg", Some(grams)) => (grams, "g"),
        (_, _) => (value, unit),
    }
}

/// Units that quantities come in: what is counted, and how many of it one unit is.
const ORDERED: &[(&str, &str, Decimal)] = &[
    (
        "count",
        "条 根 个 只 粒 颗 套 张 枚 片 支 件 pc pcs piece pieces set sets ea each nos unit units",
        dec(1, 0),
    ),
    ("count", "打 dz doz dozen dozens", dec(12, 0)),
    ("count", "罗 gross grs", dec(144, 0)),
    ("count", "百 百条 百个 百只 百粒 百套 百张", dec(100, 0)),
    ("count", "千 千条 千个 千只 千粒 千套 千张 千件 kpc kpcs", dec(1000, 0)),
    ("count", "万 万条 万个 万只 万粒 万套 万张 万件", dec(10000, 0)),
    ("length", "米 m meter meters metre metres mtr mtrs", dec(1, 0)),
    ("length", "千米 公里 km", dec(1000, 0)),
    ("length", "码 yd yds yard yards", dec(9144, 4)),
    ("length", "厘米 公分 cm", dec(1, 2)),
    ("weight", "公斤 千克 kg kgs", dec(1, 0)),
    ("weight", "克 g", dec(1, 3)),
    ("weight", "斤", dec(5, 1)),
    ("weight", "吨 t ton tons", dec(1000, 0)),
    ("carton", "箱 件箱 ctn ctns carton cartons case cases", dec(1, 0)),
    ("pack", "包 pack packs pk", dec(1, 0)),
    ("bag", "袋 bag bags", dec(1, 0)),
    ("box", "盒 box boxes", dec(1, 0)),
    ("roll", "卷 roll rolls", dec(1, 0)),
    ("pair", "双 对 副 pair pairs", dec(1, 0)),
    ("bottle", "瓶 bottle bottles", dec(1, 0)),
];

fn ordered(unit: &str) -> Option<(&'static str, Decimal)> {
    let unit = simple(unit);
    let unit = unit.trim_matches(['.', '/', '(', ')', ' ']);
    let has = |names: &str| names.split(' ').any(|name| name == unit);
    ORDERED.iter().find(|(_, names, _)| has(names)).map(|(kind, _, factor)| (*kind, *factor))
}

/// How many of `into` one `unit` is: 12 for a dozen where pieces are meant. None when they measure different things.
#[must_use]
pub fn factor(unit: &str, into: &str) -> Option<Decimal> {
    if simple(unit) == simple(into) {
        return Some(Decimal::ONE);
    }
    let ((kind, many), (other, one)) = (ordered(unit)?, ordered(into)?);
    if kind == other { many.checked_div(one) } else { None }
}

/// A quantity counted in `into`, the product's own unit: what stock is kept in. Where the two measure different things, which a
/// person has seen and let pass, it is taken as it stands.
#[must_use]
pub fn counted(quantity: Decimal, unit: Option<&str>, into: &str) -> Decimal {
    let factor = unit.and_then(|unit| factor(unit, into)).unwrap_or(Decimal::ONE);
    quantity.saturating_mul(factor)
}

/// Whether it can only be ordered in whole numbers.
#[must_use]
pub fn is_whole(unit: &str) -> bool {
    ordered(unit).is_none_or(|(kind, _)| !matches!(kind, "length" | "weight"))
}

#[cfg(test)]
mod tests {
    use super::factor;

    #[test]
    fn units_convert_where_they_measure_the_same() {
        for (unit, into, many) in [
            ("条", "條", "1"),
            ("PCS", "条", "1"),
            ("SETS", "套", "1"),
            ("打", "条", "12"),
            ("dz.", "个", "12"),
            ("千只", "个", "1000"),
            ("yds", "米", "0.9144"),
            ("箱", "ctns", "1"),
        ] {
            assert_eq!(factor(unit, into), Some(many.parse().unwrap()), "{unit} → {into}");
        }
        for (unit, into) in [("卷", "米"), ("kg", "条"), ("箱", "袋"), ("托", "箱")] {
            assert_eq!(factor(unit, into), None, "{unit} → {into}");
        }
    }
}
