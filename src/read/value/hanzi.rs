//! Chinese numerals: 三千, 1.2万, 壹仟贰佰叁拾元伍角整.

use rust_decimal::Decimal;

fn digit(c: char) -> Option<u32> {
    Some(match c {
        '零' | '〇' | '○' => 0,
        '一' | '壹' | '壱' | '弌' => 1,
        '二' | '两' | '兩' | '贰' | '貳' | '弍' => 2,
        '三' | '叁' | '參' | '叄' | '参' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' | '陸' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn scale(c: char) -> Option<u64> {
    Some(match c {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' => 1000,
        '万' | '萬' => 10_000,
        '亿' | '億' => 100_000_000,
        _ => return None,
    })
}

#[must_use]
pub fn is_numeral(c: char) -> bool {
    digit(c).is_some() || scale(c).is_some()
}

/// A whole Chinese number (三千, 一万二千五百, 两千; 一万二 is 12000).
#[must_use]
pub fn integer(text: &str) -> Option<Decimal> {
    let (mut total, mut section, mut pending, mut last) = (0u64, 0u64, None::<u64>, 1u64);
    for c in text.chars() {
        if let Some(d) = digit(c) {
            if pending.is_some_and(|p| p != 0) {
                return None;
            }
            pending = Some(u64::from(d));
            if d == 0 {
                last = 1;
            }
        } else {
            let factor = scale(c)?;
            if factor >= 10_000 {
                section += pending.take().unwrap_or(0);
                let base = if section == 0 && factor == 100_000_000 { total } else { section };
                total = if section == 0 && factor == 100_000_000 {
                    base.checked_mul(factor)?
                } else {
                    total.checked_add(base.checked_mul(factor)?)?
                };
                section = 0;
            } else {
                section = section.checked_add(pending.take().unwrap_or(1).checked_mul(factor)?)?;
            }
            last = factor;
        }
    }
    // 一万二 = 12000: a last digit without a unit counts one step under the unit before it.
    let tail = pending.unwrap_or(0).checked_mul((last / 10).max(1))?;
    let chars = text.chars().count();
    (chars > 0).then(|| Decimal::from(total + section + tail))
}

/// Multiplier after digits: 1.2万, 3千, 5百. Only what stands directly behind the number.
#[must_use]
pub fn multiplier(c: char) -> Option<Decimal> {
    scale(c).filter(|f| *f != 10).map(Decimal::from)
}

/// An amount in formal numerals (大写): 人民币柒仟肆佰元整, 伍万零叁佰元伍角贰分.
#[must_use]
pub fn amount(text: &str) -> Option<Decimal> {
    let start = text.char_indices().find(|(_, c)| is_numeral(*c))?.0;
    let (mut sum, mut run, mut seen) = (Decimal::ZERO, String::new(), false);
    for c in text[start..].chars() {
        let unit = match c {
            '元' | '圆' | '圓' => Some(Decimal::ONE),
            '角' => Some(Decimal::new(1, 1)),
            '分' => Some(Decimal::new(1, 2)),
            _ => None,
        };
        if let Some(unit) = unit {
            if !run.trim_start_matches('零').is_empty() {
                sum = sum.checked_add(integer(&run)?.checked_mul(unit)?)?;
            }
            (run, seen) = (String::new(), true);
        } else if is_numeral(c) {
            run.push(c);
        } else if !c.is_whitespace() {
            break;
        }
    }
    if run.is_empty() {
        return seen.then_some(sum);
    }
    if seen { Some(sum) } else { integer(&run).filter(|_| run.chars().count() > 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (text, want) in [
            ("三千", 3000),
            ("两千", 2000),
            ("一万二", 12_000),
            ("一万二千五百", 12_500),
            ("十二", 12),
            ("二十", 20),
            ("一百零五", 105),
            ("一千零二十", 1020),
            ("三百五", 350),
            ("一亿二千万", 120_000_000),
            ("五", 5),
        ] {
            assert_eq!(integer(text), Some(Decimal::from(want)), "{text}");
        }
        assert_eq!(integer("三三千"), None);
        assert_eq!(integer("条"), None);
    }

    #[test]
    fn amounts_in_words() {
        for (text, want) in [
            ("人民币柒仟肆佰元整", "7400"),
            ("大写：壹万贰仟叁佰肆拾伍元陆角柒分", "12345.67"),
            ("叁拾元零伍分", "30.05"),
            ("壹佰万圆整", "1000000"),
            ("贰拾萬零叁佰元整", "200300"),
        ] {
            assert_eq!(amount(text).map(|d| d.normalize().to_string()).as_deref(), Some(want), "{text}");
        }
        assert_eq!(amount("合计"), None);
    }
}
