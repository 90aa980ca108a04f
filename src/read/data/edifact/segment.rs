//! Segments of an interchange: tags, elements and their components (ISO 9735).

use super::super::{Bad, bad};
use crate::read::codes::Code;

/// The characters that part things (UNA, the service string advice).
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    component: char,
    pub(super) element: char,
    /// The comma parts decimals.
    comma: bool,
    release: Option<char>,
    terminator: char,
}

/// A segment.
#[derive(Debug)]
pub(super) struct Segment {
    /// Its place in the file, from 1.
    pub(super) line: u32,
    /// As it stands in the file.
    pub(super) raw: String,
    /// The comma parts decimals.
    pub(super) comma: bool,
    /// The tag is the first.
    elements: Vec<Vec<String>>,
}

impl Service {
    /// What a file says of itself, or what holds where it says nothing; and what follows.
    pub(super) fn of(text: &str) -> (Self, &str) {
        let usual = Self { component: ':', element: '+', comma: false, release: Some('?'), terminator: '\'' };
        let Some(advice) = text.strip_prefix("UNA") else { return (usual, text) };
        let mut letters = advice.chars();
        let mut next = || letters.next();
        let (Some(component), Some(element), Some(mark), Some(release), Some(_), Some(terminator)) =
            (next(), next(), next(), next(), next(), next())
        else {
            return (usual, "");
        };
        let release = Some(release).filter(|it| *it != ' ');
        let comma = mark == ',';
        (Self { component, element, comma, release, terminator }, letters.as_str().trim_start())
    }

    /// The segments of a text, of `most` components together at most.
    pub(super) fn segments(self, text: &str, most: usize) -> Result<Vec<Segment>, Bad> {
        let mut all: Vec<Segment> = Vec::new();
        let mut letters = text.chars();
        let mut room = most;
        loop {
            let rest = letters.as_str().trim_start();
            if rest.is_empty() {
                return Ok(all);
            }
            letters = rest.chars();
            let line = u32::try_from(all.len() + 1).unwrap_or(u32::MAX);
            let elements = self.elements(&mut letters, &mut room);
            if room == 0 {
                return Err((Code::TooManyParts, format!("{most} components")));
            }
            let elements = elements.ok_or_else(|| bad(format!("segment {line}: it breaks off")))?;
            let raw = rest[..rest.len() - letters.as_str().len()].to_owned();
            all.push(Segment { line, raw, comma: self.comma, elements });
        }
    }

    /// The elements up to the end of the segment; none when it has no end, or there is no room for them.
    fn elements(self, letters: &mut std::str::Chars<'_>, room: &mut usize) -> Option<Vec<Vec<String>>> {
        let mut elements = vec![vec![String::new()]];
        *room = room.saturating_sub(1);
        loop {
            let letter = letters.next()?;
            if letter == self.element || letter == self.component {
                *room = room.saturating_sub(1);
                (*room > 0).then_some(())?;
            }
            let plain = if Some(letter) == self.release {
                letters.next()?
            } else if letter == self.terminator {
                return Some(elements);
            } else if letter == self.element {
                elements.push(vec![String::new()]);
                continue;
            } else if letter == self.component {
                elements.last_mut()?.push(String::new());
                continue;
            } else if letter == '\r' || letter == '\n' {
                // Lines that were broken on the way.
                continue;
            } else {
                letter
            };
            elements.last_mut()?.last_mut()?.push(plain);
        }
    }
}

impl Segment {
    pub(super) fn tag(&self) -> &str {
        self.part(0, 0)
    }

    /// A component of an element, "" where it is left out; the tag is element 0.
    pub(super) fn part(&self, element: usize, component: usize) -> &str {
        self.elements.get(element).and_then(|it| it.get(component)).map_or("", |it| it.trim())
    }

    /// The components of an element from one on that say something.
    pub(super) fn parts(&self, element: usize, from: usize) -> impl Iterator<Item = &str> {
        let components = self.elements.get(element).map_or(&[][..], Vec::as_slice);
        components.iter().skip(from).map(|it| it.trim()).filter(|it| !it.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<Vec<Vec<String>>> {
        let (service, rest) = Service::of(text);
        service.segments(rest, 10).unwrap().into_iter().map(|it| it.elements).collect()
    }

    #[test]
    fn segments_elements_components() {
        let plain = parts("BGM+220+A?+B?'??+9'\r\nDTM+137:2026\n0318:102'");
        assert_eq!(plain[0], [["BGM"], ["220"], ["A+B'?"], ["9"]]);
        assert_eq!(plain[1][1], ["137", "20260318", "102"]);
        let other = parts("UNA;*, .|\nBGM*220*A?+B|QTY*21;5|");
        assert_eq!(other[0][2], ["A?+B"]);
        assert_eq!(other[1][1], ["21", "5"]);
    }

    #[test]
    fn what_has_no_end() {
        let (service, rest) = Service::of("BGM+220+A'DTM+137");
        assert_eq!(service.segments(rest, 10).unwrap_err(), bad("segment 2: it breaks off"));
        for text in ["A'B'C'", "A+B+C'", "A:B:C'"] {
            assert_eq!(service.segments(text, 3).unwrap_err().0, Code::TooManyParts);
            assert_eq!(service.segments(text, 4).unwrap().len(), text.matches('\'').count());
        }
        assert_eq!(Service::of("UNA:+").1, "");
    }
}
