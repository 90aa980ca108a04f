//! Units of measure by their codes (UN/ECE Recommendation 20 and 21, EDIFACT 6411), as the words that orders use.

/// Code and word. Codes that are words themselves (`KG`, `SET`) need no place here.
const CODES: [(&str, &str); 31] = [
    ("C62", "pcs"),
    ("H87", "pcs"),
    ("PCE", "pcs"),
    ("PCB", "pcs"),
    ("NAR", "pcs"),
    ("NMB", "pcs"),
    ("EA", "pcs"),
    ("XPP", "pcs"),
    ("PR", "pairs"),
    ("NPR", "pairs"),
    ("DZN", "dozen"),
    ("DZP", "dozen packs"),
    ("GRO", "gross"),
    ("CEN", "百"),
    ("MIL", "千"),
    ("MTR", "m"),
    ("CMT", "cm"),
    ("KMT", "km"),
    ("YRD", "yd"),
    ("KGM", "kg"),
    ("GRM", "g"),
    ("BX", "box"),
    ("XBX", "box"),
    ("CT", "ctn"),
    ("XCT", "ctn"),
    ("RO", "roll"),
    ("XRO", "roll"),
    ("PA", "pack"),
    ("XPK", "pack"),
    ("PK", "pack"),
    ("XPA", "pack"),
];

/// The word for a code; a code that is not known stays as it is.
pub(super) fn word(code: &str) -> String {
    let known = CODES.iter().find(|(it, _)| it.eq_ignore_ascii_case(code.trim()));
    known.map_or_else(|| code.trim().to_owned(), |(_, word)| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_words() {
        for (code, want) in [("C62", "pcs"), ("mtr", "m"), (" KGM ", "kg"), ("SET", "SET"), ("ZZ", "ZZ")] {
            assert_eq!(word(code), want, "{code}");
        }
    }
}
