//! Printed documents: pages decoded, pictures recognised, put into their order, and what is missing of them.

use super::codes::Code;
use super::decoder::{Decoded, Wanted};
use super::fax::{self, Head, Number};
use super::picture::Picture;
use super::print::Print;
use super::scan;
use super::{Pictures, Reader, View};
use std::collections::BTreeMap;

/// A page whose letters were recognised with less confidence cannot be relied on at all, in thousandths.
const LEGIBLE: u32 = 600;
/// So few letters are no text: a photograph, a blank side.
const FEW: usize = 12;

/// The pages of a document in reading order, each with its number in the file.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) pages: Vec<(u32, Print)>,
    /// What could not be read, or is missing.
    pub(super) problems: Vec<(Code, String)>,
    /// What the machine of the sender has written.
    pub(super) head: Option<Head>,
    /// Some pages are pictures, which are to be read later.
    pub(super) later: bool,
    /// The pages as they were looked at, where that is asked for.
    pub(super) shown: Vec<View>,
}

/// Reads the pages of a PDF, a fax or a picture.
pub(super) fn read(bytes: &[u8], reader: &Reader, pictures: Pictures) -> Result<Printed, (Code, String)> {
    let wanted = match pictures {
        Pictures::Shown => Wanted::All,
        Pictures::Now if reader.recognizer.is_some() => Wanted::Blind,
        Pictures::Now | Pictures::Later => Wanted::None,
    };
    let decoded = reader.decoder.pages(bytes, wanted, &reader.limits)?;
    let mut out = Printed::default();
    let blind = numbered(&decoded, is_blind);
    if !blind.is_empty() && reader.recognizer.is_some() && pictures == Pictures::Later {
        return Ok(Printed { later: true, ..out });
    }
    if !blind.is_empty() && reader.recognizer.is_none() {
        out.problems.push((Code::ModelsMissing, said(&blind)));
    }
    let pictures: Vec<Option<Picture>> = match pictures {
        Pictures::Shown => decoded.iter().map(|page| page.picture.clone()).collect(),
        Pictures::Now | Pictures::Later => Vec::new(),
    };
    let mut pages = recognized(decoded, reader, &mut out);
    out.shown = pages
        .iter()
        .zip(&pictures)
        .filter_map(|(page, picture)| Some(shown(page, picture.as_ref()?)))
        .collect();
    pages.retain(|(_, print)| !print.is_blind());
    arrange(pages, reader, &mut out);
    Ok(out)
}

/// A picture alone has no print at all.
fn is_blind(page: &Decoded) -> bool {
    page.print.is_blind() || page.print == Print::default()
}

/// The page as it was looked at; its evidence counts in points of this size.
fn shown((number, print): &(u32, Print), picture: &Picture) -> View {
    let size = (print.width, print.height);
    View::Page { number: *number, picture: scan::upright(picture, print), size }
}

fn numbered<T>(pages: &[T], wanted: impl Fn(&T) -> bool) -> Vec<u32> {
    pages.iter().zip(1..).filter(|(page, _)| wanted(page)).map(|(_, number)| number).collect()
}

/// "page 2, 3", for a note.
fn said(numbers: &[u32]) -> String {
    format!("page {}", numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))
}

/// The pages with the words of those that were pictures.
fn recognized(decoded: Vec<Decoded>, reader: &Reader, out: &mut Printed) -> Vec<(u32, Print)> {
    let mut pictures = Vec::new();
    let mut pages: Vec<(u32, Print)> = Vec::with_capacity(decoded.len());
    let mut many = Vec::new();
    for (page, number) in decoded.into_iter().zip(1..) {
        match (is_blind(&page), page.picture) {
            (true, Some(picture)) => pictures.push((number, picture)),
            (true, None) => many.push(number),
            (false, _) => {}
        }
        pages.push((number, page.print));
    }
    let Some(recognizer) = &reader.recognizer else { return pages };
    if !many.is_empty() {
        out.problems.push((Code::TooBig, said(&many)));
    }
    let (numbers, pictures): (Vec<u32>, Vec<_>) = pictures.into_iter().unzip();
    let read = recognizer.pages(&pictures, &reader.limits);
    let mut failed: BTreeMap<&str, (Code, Vec<u32>)> = BTreeMap::new();
    let mut fail =
        |code: Code, number| failed.entry(code.as_str()).or_insert((code, Vec::new())).1.push(number);
    for (number, result) in numbers.into_iter().zip(read) {
        match result {
            Ok(print) if is_illegible(&print) => fail(Code::Illegible, number),
            Ok(print) => {
                if let Some(page) = pages.iter_mut().find(|(at, _)| *at == number) {
                    page.1 = print;
                }
            }
            Err(code) => fail(code, number),
        }
    }
    out.problems.extend(failed.into_values().map(|(code, numbers)| (code, said(&numbers))));
    pages
}

fn is_illegible(print: &Print) -> bool {
    let letters: usize = print.words.iter().map(|word| word.text.chars().count()).sum();
    letters > FEW && print.scan.as_ref().is_some_and(|scan| scan.legible < LEGIBLE)
}

/// Sets aside what is not of the document, and puts the pages into the order that they tell of themselves.
fn arrange(mut pages: Vec<(u32, Print)>, reader: &Reader, out: &mut Printed) {
    let heads: Vec<Option<Head>> = pages.iter_mut().map(|(_, print)| fax::set_aside(print)).collect();
    let numbers: Vec<Option<Number>> = pages
        .iter()
        .zip(&heads)
        .map(|((_, print), head)| head.as_ref().and_then(|head| head.page).or_else(|| fax::printed(print)))
        .collect();
    out.head = heads.into_iter().flatten().reduce(|first, other| Head {
        sent_at: first.sent_at.or(other.sent_at),
        caller: first.caller.or(other.caller),
        page: None,
    });
    if let Some(missing) = missing(&numbers) {
        out.problems.push((Code::PageMissing, said(&missing)));
    }
    let mut ordered: Vec<(Option<Number>, (u32, Print))> = numbers.into_iter().zip(pages).collect();
    if ordered.iter().all(|(number, _)| number.is_some()) {
        ordered.sort_by_key(|(number, _)| number.map(|it| it.page));
        ordered
            .dedup_by(|next, kept| next.0.map(|it| it.page) == kept.0.map(|it| it.page) && again(next, kept));
    }
    let several = ordered.len() > 1;
    let kept = ordered.into_iter().map(|(_, page)| page);
    out.pages = kept.filter(|(_, print)| !(several && fax::is_cover(print, &reader.labels))).collect();
}

/// Numbers up to the last that are told of and are not there.
fn missing(numbers: &[Option<Number>]) -> Option<Vec<u32>> {
    let all: Vec<Number> = numbers.iter().copied().collect::<Option<_>>()?;
    let of = all.iter().filter_map(|it| it.of).max().unwrap_or_default();
    let last = all.iter().map(|it| it.page).max()?.max(of);
    let gone: Vec<u32> = (1..=last).filter(|page| all.iter().all(|it| it.page != *page)).collect();
    Some(gone).filter(|gone| !gone.is_empty())
}

/// Whether a page is there twice: the better one is kept.
fn again(next: &mut (Option<Number>, (u32, Print)), kept: &mut (Option<Number>, (u32, Print))) -> bool {
    let text = |print: &Print| -> Vec<String> {
        let mut words: Vec<String> = print.words.iter().map(|word| word.text.clone()).collect();
        words.sort();
        words
    };
    let (one, other) = (text(&kept.1.1), text(&next.1.1));
    let same = one.iter().filter(|word| other.binary_search(word).is_ok()).count();
    if same * 10 < one.len().max(other.len()) * 7 {
        return false;
    }
    let legible = |print: &Print| print.scan.as_ref().map_or(1_000, |scan| scan.legible);
    if legible(&next.1.1) > legible(&kept.1.1) {
        std::mem::swap(next, kept);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_pages_are_those_that_are_told_of() {
        let number = |page, of| Some(Number { page, of });
        for (numbers, gone) in [
            (vec![number(1, Some(3)), number(3, Some(3))], Some(vec![2])),
            (vec![number(1, Some(2))], Some(vec![2])),
            (vec![number(2, None)], Some(vec![1])),
            (vec![number(1, None), None], None),
            (vec![number(1, Some(2)), number(2, Some(2))], None),
            (vec![], None),
        ] {
            assert_eq!(missing(&numbers), gone, "{numbers:?}");
        }
    }
}
